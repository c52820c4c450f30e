//! Access and id tokens (reference §1.6): JWS, RS256, one RSA key that all instances share through the store.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::ids::{AccountId, uuid};
use super::moment::Moment;
use super::store::{Account, Family, FamilyOrigin, Identity};
use crate::base::{Entropy, Secret};

/// Seconds that access and id tokens are good for.
pub(crate) const LIFETIME: u64 = 3600;
const SCOPE: &str = "aws.cognito.signin.user.admin";

pub(crate) struct Signer {
    key: KeyPair,
    public: DecodingKey,
    jwk: serde_json::Value,
    kid: String,
}

/// What tokens say besides who they are for.
pub(crate) struct Issue<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) family: &'a Family,
    pub(crate) account: &'a Account,
    pub(crate) now: Moment,
}

/// What an access token says, once it is known to be ours.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) account: AccountId,
    /// Its family, which may have been revoked since.
    pub(crate) family: String,
    scope: String,
}

impl Access {
    pub(crate) fn has_scope(&self, name: &str) -> bool {
        self.scope.split(' ').any(|scope| scope == name)
    }

    /// May it do everything that the account can do? A program that asked for less may not.
    pub(crate) fn is_whole(&self) -> bool {
        self.has_scope(SCOPE)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("Invalid Access Token")]
    Invalid,
    #[error("Access Token has expired")]
    Expired,
    #[error("Access Token has been revoked")]
    Revoked,
    #[error("Access Token does not have required scopes")]
    Scope,
}

#[derive(Serialize, Deserialize)]
struct AccessClaims {
    sub: String,
    iss: String,
    client_id: String,
    token_use: String,
    scope: String,
    auth_time: u64,
    iat: u64,
    exp: u64,
    jti: String,
    origin_jti: String,
    event_id: String,
    username: String,
    /// 2: by way of a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
}

#[derive(Serialize)]
struct IdClaims<'a> {
    sub: &'a str,
    iss: &'a str,
    aud: &'a str,
    token_use: &'a str,
    auth_time: u64,
    iat: u64,
    exp: u64,
    jti: String,
    origin_jti: &'a str,
    event_id: String,
    #[serde(rename = "cognito:username")]
    username: &'a str,
    email: &'a str,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identities: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
}

impl Issue<'_> {
    fn username(&self) -> &str {
        self.family.origin.as_ref().map_or(self.account.id.as_str(), |origin| origin.username.as_str())
    }
}

/// The first half of the access token's SHA-256 (OpenID Connect Core §3.1.3.6).
fn at_hash(access_token: &str) -> String {
    let hash = Sha256::digest(access_token.as_bytes());
    BASE64URL_NOPAD.encode(hash.as_slice().split_at(16).0)
}

impl Signer {
    /// A new key in PKCS #8, to be kept sealed.
    pub(super) fn make() -> Result<Secret<Vec<u8>>, Error> {
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_unspecified| Error::SigningKey)?;
        let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_unspecified| Error::SigningKey)?;
        Ok(Secret::new(der.as_ref().to_vec()))
    }

    pub(super) fn read(pkcs8: &Secret<Vec<u8>>) -> Result<Self, Error> {
        let key = KeyPair::from_pkcs8(pkcs8.expose()).map_err(|_rejected| Error::SigningKey)?;
        let modulus = key.public_key().modulus().big_endian_without_leading_zero().to_vec();
        let exponent = key.public_key().exponent().big_endian_without_leading_zero().to_vec();
        let kid = HEXLOWER.encode(Sha256::digest(&modulus).as_slice());
        let jwk = json!({
            "alg": "RS256", "kty": "RSA", "use": "sig", "kid": kid,
            "n": BASE64URL_NOPAD.encode(&modulus), "e": BASE64URL_NOPAD.encode(&exponent),
        });
        Ok(Self { key, public: DecodingKey::from_rsa_raw_components(&modulus, &exponent), jwk, kid })
    }

    /// The key set that others verify our tokens with.
    pub(crate) fn jwks(&self) -> serde_json::Value {
        json!({ "keys": [self.jwk] })
    }

    pub(crate) fn access_token(&self, issue: &Issue<'_>, entropy: &Entropy) -> Result<String, Error> {
        let iat = issue.now.unix_seconds();
        let subject = issue.account.id.as_str();
        let origin = issue.family.origin.as_ref();
        self.sign(&AccessClaims {
            sub: subject.to_owned(),
            iss: issue.issuer.to_owned(),
            client_id: issue.family.client_id.clone(),
            token_use: "access".to_owned(),
            scope: origin.map_or(SCOPE, |origin| origin.scope.as_str()).to_owned(),
            auth_time: issue.family.auth_time.unix_seconds(),
            iat,
            exp: iat + LIFETIME,
            jti: uuid(entropy.bytes()),
            origin_jti: issue.family.id.clone(),
            event_id: uuid(entropy.bytes()),
            username: issue.username().to_owned(),
            version: origin.map(|_| 2),
        })
    }

    /// `access_token`: the one that it comes with.
    pub(crate) fn id_token(&self, issue: &Issue<'_>, access_token: &str, entropy: &Entropy) -> Result<String, Error> {
        let iat = issue.now.unix_seconds();
        let subject = issue.account.id.as_str();
        let origin = issue.family.origin.as_ref();
        self.sign(&IdClaims {
            sub: subject,
            iss: issue.issuer,
            aud: &issue.family.client_id,
            token_use: "id",
            auth_time: issue.family.auth_time.unix_seconds(),
            iat,
            exp: iat + LIFETIME,
            jti: uuid(entropy.bytes()),
            origin_jti: &issue.family.id,
            event_id: uuid(entropy.bytes()),
            username: issue.username(),
            email: &issue.account.email,
            email_verified: true,
            phone_number: issue.account.phone.as_deref(),
            phone_number_verified: issue.account.phone.as_ref().map(|_| true),
            identities: origin.map(identities),
            nonce: origin.and_then(|origin| origin.nonce.as_deref()),
            at_hash: origin.map(|_| at_hash(access_token)),
        })
    }

    /// Signature, issuer, use and age; whether the family still stands is for the store to say.
    pub(crate) fn check(&self, token: &str, issuer: &str, now: Moment) -> Result<Access, Refusal> {
        let mut rules = Validation::new(Algorithm::RS256);
        // `exp` is checked below, against the service's own clock.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.set_required_spec_claims(&["iss"]);
        rules.set_issuer(&[issuer]);
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &self.public, &rules)
            .map_err(|_not_ours| Refusal::Invalid)?
            .claims;
        if claims.token_use != "access" {
            return Err(Refusal::Invalid);
        }
        if claims.exp <= now.unix_seconds() {
            return Err(Refusal::Expired);
        }
        Ok(Access { account: AccountId::from_text(claims.sub), family: claims.origin_jti, scope: claims.scope })
    }

    fn sign(&self, claims: &impl Serialize) -> Result<String, Error> {
        let header = json!({ "alg": "RS256", "kid": self.kid });
        let claims = serde_json::to_vec(claims).map_err(|_unwritable| Error::SigningKey)?;
        let mut token =
            format!("{}.{}", BASE64URL_NOPAD.encode(header.to_string().as_bytes()), BASE64URL_NOPAD.encode(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_unspecified| Error::SigningKey)?;
        token.push('.');
        token.push_str(&BASE64URL_NOPAD.encode(&signature));
        Ok(token)
    }
}

/// As Cognito writes them (reference §1.6).
fn identities(origin: &FamilyOrigin) -> serde_json::Value {
    let Identity { provider, issuer, subject, .. } = &origin.identity;
    json!([{
        "userId": subject,
        "providerName": provider,
        "providerType": if provider == "Google" { "Google" } else { "OIDC" },
        "issuer": issuer,
        "primary": "true",
        "dateCreated": (origin.since * 1000).to_string(),
    }])
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    const ISSUER: &str = "http://cloud.test/local_TestPool1";

    fn signer() -> Signer {
        Signer::read(&Signer::make().unwrap()).unwrap()
    }

    fn now() -> Moment {
        Moment::of(SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_164_645))
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            sub: "ann".to_owned(),
            iss: ISSUER.to_owned(),
            client_id: "client1".to_owned(),
            token_use: "access".to_owned(),
            scope: SCOPE.to_owned(),
            auth_time: 0,
            iat: now().unix_seconds(),
            exp: now().unix_seconds() + LIFETIME,
            jti: String::new(),
            origin_jti: "family".to_owned(),
            event_id: String::new(),
            username: "ann".to_owned(),
            version: None,
        }
    }

    #[test]
    fn an_access_token_of_our_own_says_whose_it_is() {
        let signer = signer();
        let access = signer.check(&signer.sign(&claims()).unwrap(), ISSUER, now()).unwrap();
        assert_eq!((access.account.as_str(), access.family.as_str()), ("ann", "family"));
    }

    #[test]
    fn a_token_that_is_not_signed_by_us_for_us_as_access_is_refused() {
        let (ours, other) = (signer(), signer());
        let signer = ours;
        let good = signer.sign(&claims()).unwrap();
        let (head, rest) = good.split_once('.').unwrap();
        let (body, _signature) = rest.split_once('.').unwrap();
        let none = BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
        let hmac = BASE64URL_NOPAD.encode(br#"{"alg":"HS256"}"#);
        for bad in [
            format!("{none}.{body}."),
            format!("{hmac}.{rest}"),
            format!("{head}.{body}."),
            format!("{head}.{}.{}", BASE64URL_NOPAD.encode(b"{}"), rest),
            other.sign(&claims()).unwrap(),
            signer.sign(&AccessClaims { token_use: "id".to_owned(), ..claims() }).unwrap(),
            signer.sign(&AccessClaims { iss: "http://other.test/local_TestPool1".to_owned(), ..claims() }).unwrap(),
            String::new(),
        ] {
            assert_eq!(signer.check(&bad, ISSUER, now()).unwrap_err(), Refusal::Invalid, "{bad}");
        }
    }

    #[test]
    fn a_token_is_good_until_its_hour_is_over() {
        let signer = signer();
        let token = signer.sign(&claims()).unwrap();
        assert!(signer.check(&token, ISSUER, now().plus(Duration::from_secs(LIFETIME - 1))).is_ok());
        let late = signer.check(&token, ISSUER, now().plus(Duration::from_secs(LIFETIME)));
        assert_eq!(late.unwrap_err(), Refusal::Expired);
    }

    #[test]
    fn the_published_key_verifies_what_we_sign() {
        let signer = signer();
        let token = signer.sign(&claims()).unwrap();
        let key = &signer.jwks()["keys"][0];
        let (n, e) = (key["n"].as_str().unwrap(), key["e"].as_str().unwrap());
        let mut rules = Validation::new(Algorithm::RS256);
        rules.validate_exp = false;
        let public = DecodingKey::from_rsa_components(n, e).unwrap();
        let header = jsonwebtoken::decode::<AccessClaims>(&token, &public, &rules).unwrap().header;
        assert_eq!(header.kid.as_deref(), key["kid"].as_str());
    }
}

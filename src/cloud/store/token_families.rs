//! Refresh tokens, as marks. A family is one refresh token with every token made from it; its id is their `origin_jti`.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::{Database, Error, FactorKind, Identity, Store};
use crate::base::Secret;
use crate::cloud::ids::{AccountId, uuid};
use crate::cloud::moment::Moment;

/// An expired token is still known for so long, to be told from one that never was.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// How its owner proved, at the sign-in, to be the account's owner; the strongest step counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The password and nothing else.
    Password,
    /// The password and this second factor.
    Factor(FactorKind),
    /// The password, a mailed code and a recovery code.
    Recovery,
    /// An OpenID provider's word.
    OpenId,
}

#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) client_id: String,
    pub(crate) auth_time: Moment,
    pub(crate) proof: Proof,
    pub(crate) expires: Moment,
    pub(crate) revoked: bool,
    /// `None`: a sign-in with a password.
    pub(crate) origin: Option<FamilyOrigin>,
}

/// A sign-in by way of a provider: what its tokens say beyond the usual.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FamilyOrigin {
    /// As tokens call the account.
    pub(crate) username: String,
    pub(crate) identity: Identity,
    /// Unix seconds.
    pub(crate) since: u64,
    /// What the client may do, as it asked.
    pub(crate) scope: String,
    /// The client's, for the first id token only.
    #[serde(skip)]
    pub(crate) nonce: Option<String>,
}

impl FamilyOrigin {
    pub(crate) fn has_scope(&self, name: &str) -> bool {
        self.scope.split(' ').any(|scope| scope == name)
    }
}

impl Proof {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Factor(kind) => kind.name(),
            Self::Recovery => "recovery",
            Self::OpenId => "openid",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let plain = [Self::Password, Self::Recovery, Self::OpenId];
        plain.into_iter().find(|proof| proof.name() == name).or_else(|| FactorKind::named(name).map(Self::Factor))
    }
}

impl Store {
    /// A new family and its refresh token, which is told only now.
    pub(crate) async fn begin_family(
        &self,
        account: &AccountId,
        client_id: &str,
        proof: Proof,
        expires: Moment,
        now: Moment,
    ) -> Result<(Family, Secret<String>), Error> {
        let id = uuid(self.entropy.bytes());
        let token = Secret::new(BASE64URL_NOPAD.encode(self.entropy.secret::<48>().expose()));
        sqlx::query(
            "INSERT INTO token_families (id, account_id, client_id, refresh_hash, auth_time, proof, expires) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&id)
        .bind(account)
        .bind(client_id)
        .bind(self.refresh_mark(token.expose()))
        .bind(now)
        .bind(proof.name())
        .bind(expires)
        .execute(&self.pool)
        .await?;
        let client_id = client_id.to_owned();
        let account = account.clone();
        let family = Family { id, account, client_id, auth_time: now, proof, expires, revoked: false, origin: None };
        Ok((family, token))
    }

    pub(crate) async fn family_of(&self, refresh_token: &str) -> Result<Option<Family>, Error> {
        let row = sqlx::query("SELECT * FROM token_families WHERE refresh_hash = $1")
            .bind(self.refresh_mark(refresh_token))
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    pub(crate) async fn family(&self, id: &str) -> Result<Option<Family>, Error> {
        let row = sqlx::query("SELECT * FROM token_families WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    pub(crate) async fn set_family_origin(&self, id: &str, origin: &FamilyOrigin) -> Result<(), Error> {
        let origin = serde_json::to_string(origin).map_err(|_unwritable| Error::Unreadable("a sign-in's origin"))?;
        sqlx::query("UPDATE token_families SET openid = $2 WHERE id = $1")
            .bind(id)
            .bind(origin)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// May tokens of this family still be used?
    pub(crate) async fn family_stands(&self, id: &str) -> Result<bool, Error> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM token_families WHERE id = $1 AND revoked IS NULL")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    pub(crate) async fn revoke_family(&self, id: &str, now: Moment) -> Result<(), Error> {
        sqlx::query("UPDATE token_families SET revoked = $2 WHERE id = $1 AND revoked IS NULL")
            .bind(id)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Signs the account out everywhere. Access keys are not touched.
    pub(crate) async fn revoke_families(&self, account: &AccountId, now: Moment) -> Result<(), Error> {
        sqlx::query("UPDATE token_families SET revoked = $2 WHERE account_id = $1 AND revoked IS NULL")
            .bind(account)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn forget_families(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM token_families WHERE expires < $1")
            .bind(now.minus(REMEMBERED))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    fn refresh_mark(&self, token: &str) -> String {
        self.vault.mark("refresh token", token.as_bytes())
    }
}

fn read(row: &<Database as sqlx::Database>::Row) -> Result<Family, Error> {
    Ok(Family {
        id: row.try_get("id")?,
        account: row.try_get("account_id")?,
        client_id: row.try_get("client_id")?,
        auth_time: row.try_get("auth_time")?,
        proof: Proof::named(row.try_get("proof")?).ok_or(Error::Unreadable("a sign-in's proof"))?,
        expires: row.try_get("expires")?,
        revoked: row.try_get::<Option<i64>, _>("revoked")?.is_some(),
        origin: read_origin(row.try_get("openid")?)?,
    })
}

fn read_origin(written: Option<String>) -> Result<Option<FamilyOrigin>, Error> {
    written
        .map(|text| serde_json::from_str(&text).map_err(|_other_form| Error::Unreadable("a sign-in's origin")))
        .transpose()
}

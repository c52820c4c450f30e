//! Operations on a signed-in account, or on one whose sign-in asks for a new factor (reference §1.8).

use serde::{Deserialize, Serialize};

use super::Confidential;

/// GetUser, GlobalSignOut.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ByAccessToken {
    pub access_token: Confidential,
}

/// The answer to GetUser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    pub username: String,
    pub user_attributes: Vec<Attribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_mfa_setting: Option<String>,
    #[serde(default, rename = "UserMFASettingList", skip_serializing_if = "Vec::is_empty")]
    pub user_mfa_setting_list: Vec<String>,
}

/// One attribute of a user, e.g. `email`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute {
    pub name: String,
    #[serde(default)]
    pub value: String,
}

/// RevokeToken: `token` is a refresh token.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeToken {
    pub token: Confidential,
    pub client_id: String,
}

/// AssociateSoftwareToken: an access token, or the session of a sign-in.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateSoftwareToken {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Confidential>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Confidential>,
}

/// The answer to AssociateSoftwareToken.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociatedSoftwareToken {
    pub secret_code: Confidential,
    /// Replaces the one that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Confidential>,
}

/// VerifySoftwareToken: the first code of the new secret.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VerifySoftwareToken {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Confidential>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Confidential>,
    pub user_code: Confidential,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friendly_device_name: Option<String>,
}

/// The answer to VerifySoftwareToken.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VerifiedSoftwareToken {
    /// `SUCCESS` or `ERROR`.
    pub status: String,
    /// Replaces the one that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Confidential>,
}

/// SetUserMFAPreference: what is left out stays as it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetUserMfaPreference {
    pub access_token: Confidential,
    #[serde(default, rename = "SMSMfaSettings", skip_serializing_if = "Option::is_none")]
    pub sms_mfa_settings: Option<MfaSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_token_mfa_settings: Option<MfaSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_mfa_settings: Option<MfaSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_authn_mfa_settings: Option<serde_json::Value>,
}

/// What shall become of one second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MfaSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_mfa: Option<bool>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_user_is_read_as_cognito_sends_one() {
        let sent = json!({
            "Username": "11111111-2222-4333-8444-555555555555",
            "UserAttributes": [{"Name": "email", "Value": "ann@example.test"}],
            "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
            "UserMFASettingList": ["SOFTWARE_TOKEN_MFA"],
        });
        let user: User = serde_json::from_value(sent.clone()).unwrap();
        assert_eq!(user.user_attributes, [Attribute { name: "email".into(), value: "ann@example.test".into() }]);
        assert_eq!(serde_json::to_value(&user).unwrap(), sent);
    }

    #[test]
    fn an_enrolment_out_of_a_sign_in_names_only_its_session() {
        let request = AssociateSoftwareToken { session: Some("s".into()), ..Default::default() };
        assert_eq!(serde_json::to_value(&request).unwrap(), json!({"Session": "s"}));
        let request = VerifySoftwareToken {
            access_token: None,
            session: Some("s".into()),
            user_code: "000101".into(),
            friendly_device_name: None,
        };
        assert_eq!(serde_json::to_value(&request).unwrap(), json!({"Session": "s", "UserCode": "000101"}));
    }

    #[test]
    fn a_preference_is_read_as_cognitos_clients_send_it() {
        let sent = json!({
            "AccessToken": "a",
            "SMSMfaSettings": {"Enabled": false},
            "SoftwareTokenMfaSettings": {"Enabled": true, "PreferredMfa": true},
        });
        let request: SetUserMfaPreference = serde_json::from_value(sent.clone()).unwrap();
        let on = MfaSettings { enabled: Some(true), preferred_mfa: Some(true) };
        assert_eq!(request.software_token_mfa_settings, Some(on));
        assert_eq!(serde_json::to_value(&request).unwrap(), sent);
    }

    #[test]
    fn secrets_of_a_message_are_not_printed() {
        let request = RevokeToken { token: "refresh-token".into(), client_id: "client".into() };
        assert!(!format!("{request:?}").contains("refresh-token"));
        assert_eq!(serde_json::to_value(&request).unwrap(), json!({"Token": "refresh-token", "ClientId": "client"}));
    }
}

//! Operations for people who are not signed in: becoming a user, and a password that was forgotten (reference §1.8).

use serde::{Deserialize, Serialize};

use super::{Attribute, Confidential};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignUp {
    pub client_id: String,
    pub username: String,
    pub password: Confidential,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_attributes: Option<Vec<Attribute>>,
}

/// The answer to SignUp.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignedUp {
    pub user_confirmed: bool,
    pub user_sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_delivery_details: Option<CodeDeliveryDetails>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConfirmSignUp {
    pub client_id: String,
    pub username: String,
    pub confirmation_code: Confidential,
}

/// ResendConfirmationCode, ForgotPassword.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ByUsername {
    pub client_id: String,
    pub username: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConfirmForgotPassword {
    pub client_id: String,
    pub username: String,
    pub confirmation_code: Confidential,
    pub password: Confidential,
}

/// Where a code went, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CodeDeliveryDetails {
    pub destination: String,
    /// `EMAIL` or `SMS`.
    pub delivery_medium: String,
    pub attribute_name: String,
}

/// The answer to ResendConfirmationCode, ForgotPassword and GetUserAttributeVerificationCode.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CodeDelivered {
    pub code_delivery_details: CodeDeliveryDetails,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sign_up_is_read_as_browsers_send_it() {
        let sent = json!({
            "ClientId": "client", "Username": "ann@example.test", "Password": "correct-horse",
            "UserAttributes": [{"Name": "custom:brand", "Value": "remoteit"}], "ValidationData": null,
        });
        let read: SignUp = serde_json::from_value(sent).unwrap();
        assert_eq!(read.user_attributes.unwrap()[0].name, "custom:brand");
        let bare = json!({"ClientId": "c", "Username": "u", "Password": "p", "UserAttributes": null});
        assert!(serde_json::from_value::<SignUp>(bare).unwrap().user_attributes.is_none());
    }

    #[test]
    fn codes_and_passwords_of_a_message_are_not_printed() {
        let request = ConfirmForgotPassword {
            client_id: "c".into(),
            username: "u".into(),
            confirmation_code: "123456".into(),
            password: "correct-horse".into(),
        };
        let printed = format!("{request:?}");
        assert!(!printed.contains("123456") && !printed.contains("correct-horse"), "{printed}");
    }
}

//! Operations by which signed-in people change their password and what is known of them (reference §1.8).

use serde::{Deserialize, Serialize};

use super::{Attribute, CodeDeliveryDetails, Confidential};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangePassword {
    pub access_token: Confidential,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_password: Option<Confidential>,
    pub proposed_password: Confidential,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUserAttributes {
    pub access_token: Confidential,
    pub user_attributes: Vec<Attribute>,
}

/// The answer to UpdateUserAttributes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdatedUserAttributes {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_delivery_details_list: Vec<CodeDeliveryDetails>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserAttributeVerificationCode {
    pub access_token: Confidential,
    pub attribute_name: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VerifyUserAttribute {
    pub access_token: Confidential,
    pub attribute_name: String,
    pub code: Confidential,
}

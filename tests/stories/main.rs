//! Everything that a person can see, told as stories. One binary; [`world::World`] has a method for each thing a person
//! does, starts the real account service and the real agent in this process, and moves the clock by hand.

mod agent;
mod agent_panel;
#[expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "an answer that the document does not describe fails the story"
)]
mod api_document;
mod browser;
mod hostile_lan;
mod machine;
mod mistakes_at_fields;
mod panel_access_keys;
mod panel_account;
mod panel_again;
mod panel_api;
mod panel_api_device;
mod panel_api_sign_in;
mod panel_device;
mod panel_gate;
mod panel_google;
mod panel_keys;
mod panel_languages;
mod panel_limits;
mod panel_live;
mod panel_mistakes;
mod panel_offline;
mod panel_pending;
mod panel_people;
mod panel_release;
mod panel_sessions;
mod panel_sign_in;
mod panel_two_factor;
mod person;
mod plain_service;
mod portal_account;
mod portal_gate;
mod portal_google;
mod portal_keys;
mod portal_security;
mod portal_sign_in;
mod portal_two_factor;
mod program;
mod requirements;
mod requirements_codes;
mod requirements_google;
mod running;
#[expect(clippy::expect_used, reason = "a story without its database cannot go on")]
#[path = "../../src/cloud/test_database.rs"]
mod test_database;
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a provider that cannot go on fails the story")]
#[path = "../../src/cloud/openid/test_provider.rs"]
mod test_provider;
mod walks;
mod way_back;
mod world;

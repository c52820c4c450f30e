//! Does the database answer, has it this version's form, and does the server key open it?

use super::{Finding, fine, warning, wrong};
use crate::cloud::Plan;
use crate::cloud::store::{Form, Place, Store};
use crate::cloud::vault::Vault;

const NAME: &str = "database";

pub(super) async fn check(plan: &Plan) -> Finding {
    let place = plan.place();
    if let Place::File(file) = &place
        && !file.exists()
    {
        return warning(NAME, format!("{} is not there yet; 'serve' or 'migrate' makes it.", file.display()));
    }
    match Store::form(&place).await {
        Err(error) => wrong(NAME, format!("it does not answer ({}).", crate::base::report::chain(&error))),
        Ok(Form::Older) => warning(NAME, "it has the form of an older version; 'serve' or 'migrate' changes it."),
        Ok(Form::Newer) => wrong(NAME, "it has the form of a newer version; install that version."),
        Ok(Form::Ours) => opens(plan, &place).await,
    }
}

async fn opens(plan: &Plan, place: &Place) -> Finding {
    let entropy = crate::base::Entropy::kernel();
    let vault = match Vault::open(&plan.state, true, &entropy) {
        Ok(vault) => vault,
        Err(error) => return wrong(NAME, error.to_string()),
    };
    let store = match Store::open(place, vault.into(), entropy).await {
        Ok(store) => store,
        Err(error) => return wrong(NAME, format!("it does not answer ({}).", crate::base::report::chain(&error))),
    };
    match store.find_server_secret(crate::cloud::SIGNING_KEY).await {
        Ok(_) => fine(NAME, "it answers, has this version's form, and opens with the server key."),
        Err(_) => wrong(NAME, "it was sealed with another server key; restore the key that belongs to it."),
    }
}

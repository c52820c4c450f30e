//! The browsers that are signed in at this panel. They are not the account's sign-ins: one that signed in with an access key has
//! none there.

use crate::panel::Panel;
use crate::panel::screens::rooms::ListedSignIn;
use crate::panel::screens::token::TokenHash;
use crate::panel::screens::{Visitor, programs, words};
use crate::panel::session::ListedSession;

impl Panel {
    /// The one used last first.
    pub(super) fn panel_sessions(&self, visitor: &Visitor) -> Vec<ListedSignIn> {
        let list = self.0.sessions.list(self.times(&self.0.account.status()));
        list.into_iter().map(|session| listed(session, visitor)).collect()
    }

    /// Whether there was one.
    pub(super) fn end_panel_session(&self, id: &str) -> bool {
        let times = self.times(&self.0.account.status());
        let found = self.0.sessions.list(times).into_iter().find(|session| shown_id(session.hash) == id);
        let drawer = found.and_then(|session| self.0.sessions.close(session.hash, times));
        self.forget(drawer.as_ref().and_then(|drawer| drawer.take_user()));
        drawer.is_some()
    }
}

fn listed(session: ListedSession, visitor: &Visitor) -> ListedSignIn {
    ListedSignIn {
        id: shown_id(session.hash),
        is_this: visitor.session.is_some_and(|own| own.hash == session.hash),
        program: programs::in_words(&session.about.program),
        began: words::date_of(session.about.began),
        address: session.about.address,
        seen: session.used_ago.map(words::ago),
    }
}

/// Enough of the hash to tell them apart; a token cannot be made from it.
fn shown_id(hash: TokenHash) -> String {
    base16ct::lower::encode_string(hash.0.get(..8).unwrap_or_default())
}

//! What the manual of `latchkey-cloud` tells.

use super::told::{Program, Told};

pub(super) const LATCHKEY_CLOUD: Program = Program {
    commands: COMMANDS,
    files: &[
        ("/etc/latchkey-cloud/latchkey-cloud.toml", "Settings; each is explained there and in latchkey-cloud.toml(5)."),
        ("/etc/latchkey-cloud/conf.d/*.toml", "Further settings, read after it by their names."),
        (
            "/var/lib/latchkey-cloud/server.key",
            "What seals passwords and secrets in the database. Keep a copy elsewhere: no backup opens without it.",
        ),
        ("/var/lib/latchkey-cloud/*.sqlite", "The accounts, unless database.url names a PostgreSQL."),
    ],
    environment: &[
        ("LATCHKEY_CLOUD_…", "Every setting of latchkey-cloud.toml(5), such as LATCHKEY_CLOUD_LISTEN."),
        ("LATCHKEY_CLOUD_CONFIG", "Another settings file, as --config."),
        (
            "CREDENTIALS_DIRECTORY",
            "Where systemd puts the credentials database-url, mail-password, sms-secret and google-client-secret.",
        ),
    ],
    settings_example: "listen = [\"0.0.0.0:443\"]\npublic_url = \"https://accounts.example.org\"\n\n\
                       [tls]\ncertificate = \"/etc/latchkey-cloud/fullchain.pem\"\nkey = \"/etc/latchkey-cloud/privkey.pem\"\n\n\
                       [mail]\nserver = \"smtp.example.org\"\nfrom = \"Accounts <accounts@example.org>\"\n\
                       user = \"accounts@example.org\"\npassword_file = \"/etc/latchkey-cloud/mail-password\"",
};

const AS_THE_SERVICE: &str = "Run it as the user latchkey-cloud (sudo -u latchkey-cloud), so that the service can read what it \
                              writes; the service may go on running meanwhile.";
const OWNER_IS_TOLD: &str = "The owner sees it in the account's log, and is told by mail.";

const fn about_an_account(command: &'static str, more: &'static [&'static str]) -> Told {
    Told { command, more, examples: &[], see: &["latchkey-cloud-account"] }
}

const COMMANDS: &[Told] = &[
    Told {
        command: "latchkey-cloud",
        more: &[
            "Agents and other clients of remote.it's protocol sign in to it; people look after their accounts at its page \
             /account/. Without a database of your own it keeps them in an SQLite file; several instances may share a PostgreSQL.",
            "After the installation nothing runs: write the settings, check them, add an account, then enable the service.",
        ],
        examples: &[(
            "sudo -u latchkey-cloud latchkey-cloud check\n\
             sudo -u latchkey-cloud latchkey-cloud account add --email ann@example.org --totp\n\
             sudo systemctl enable --now latchkey-cloud",
            "The first account:",
        )],
        see: &["latchkey-cloud-serve", "latchkey-cloud-check", "latchkey-cloud-account", "latchkey-cloud-backup"],
    },
    Told {
        command: "latchkey-cloud serve",
        more: &[
            "The package has it as latchkey-cloud.service. On SIGHUP it reads its certificate again; on SIGTERM and SIGINT it \
             ends open requests and stops. /health answers 200 or 503.",
        ],
        examples: &[(
            "latchkey-cloud serve --state-dir ./accounts --listen 127.0.0.1:29980",
            "Try it without installing:",
        )],
        see: &["latchkey-cloud-check"],
    },
    Told {
        command: "latchkey-cloud check",
        more: &[
            "One line for each thing looked at: good, warning or wrong, and what to do. Only what is wrong gives exit code 1.",
        ],
        examples: &[
            ("sudo -u latchkey-cloud latchkey-cloud check", "After a change of settings:"),
            ("latchkey-cloud check --print-settings", "See every setting:"),
        ],
        see: &["latchkey-cloud-serve"],
    },
    Told {
        command: "latchkey-cloud outbox",
        more: &["Without a mail server, or a way for text messages, this is the only place where codes can be read."],
        examples: &[("sudo -u latchkey-cloud latchkey-cloud outbox", "Which code was sent?")],
        see: &["latchkey-cloud-check"],
    },
    Told {
        command: "latchkey-cloud migrate",
        more: &["Make a backup first: an older version does not start with a newer database."],
        examples: &[("sudo -u latchkey-cloud latchkey-cloud migrate", "Before the instances of a new version start:")],
        see: &["latchkey-cloud-backup"],
    },
    Told {
        command: "latchkey-cloud backup",
        more: &[
            "Everything of one moment, while the service runs. The server key is not in it: whoever has both has everything, \
             and the file alone opens nothing.",
        ],
        examples: &[(
            "sudo -u latchkey-cloud latchkey-cloud backup /var/lib/latchkey-cloud/today.backup",
            "Every night:",
        )],
        see: &["latchkey-cloud-restore"],
    },
    Told {
        command: "latchkey-cloud restore",
        more: &[
            "The way from SQLite to PostgreSQL, and back, is a backup and this. A database with accounts in it is refused.",
        ],
        examples: &[(
            "sudo -u latchkey-cloud latchkey-cloud restore today.backup",
            "On the new machine, after copying server.key:",
        )],
        see: &["latchkey-cloud-backup"],
    },
    Told {
        command: "latchkey-cloud account",
        more: &[AS_THE_SERVICE],
        examples: &[
            ("sudo -u latchkey-cloud latchkey-cloud account list", "Who has an account?"),
            (
                "sudo -u latchkey-cloud latchkey-cloud account turn-off-two-factor ann@example.org",
                "An owner has lost phone and recovery codes:",
            ),
        ],
        see: &["latchkey-cloud-account-add", "latchkey-cloud-account-list", "latchkey-cloud-account-show"],
    },
    Told {
        command: "latchkey-cloud account add",
        more: &[
            "Prints the authenticator's QR code and the recovery codes, once. Without --password-file the password is asked for, \
             or is the first line of standard input.",
            AS_THE_SERVICE,
        ],
        examples: &[
            ("latchkey-cloud account add --email ann@example.org --totp", "With an authenticator app:"),
            (
                "latchkey-cloud account add --email ann@example.org --password-file ./first --must-set-password --must-enrol",
                "For somebody who finishes it by themselves:",
            ),
            ("latchkey-cloud account add --json-lines people.jsonl", "Many at once:"),
        ],
        see: &["latchkey-cloud-account"],
    },
    about_an_account("latchkey-cloud account list", &[AS_THE_SERVICE]),
    about_an_account("latchkey-cloud account show", &[AS_THE_SERVICE]),
    about_an_account("latchkey-cloud account disable", &["Access keys stop working too.", OWNER_IS_TOLD]),
    about_an_account("latchkey-cloud account enable", &[OWNER_IS_TOLD]),
    about_an_account("latchkey-cloud account sign-out", &[OWNER_IS_TOLD]),
    about_an_account(
        "latchkey-cloud account reset-password",
        &["Asks for the address again, unless --yes is given.", OWNER_IS_TOLD],
    ),
    about_an_account(
        "latchkey-cloud account turn-off-two-factor",
        &["Asks for the address again, unless --yes is given. Whoever calls may not be the owner.", OWNER_IS_TOLD],
    ),
    about_an_account(
        "latchkey-cloud account delete",
        &["Asks for the address again, unless --yes is given. There is no way back but a backup."],
    ),
];

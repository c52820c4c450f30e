//! What the manual of `latchkey` tells.

use super::told::{Program, Told};

pub(super) const LATCHKEY: Program = Program {
    commands: COMMANDS,
    files: &[
        ("/etc/latchkey/latchkey.toml", "Settings; each is explained there and in latchkey.toml(5)."),
        ("/etc/latchkey/conf.d/*.toml", "Further settings, read after it by their names."),
        (
            "/boot/firmware/latchkey.toml",
            "What an installer left on the boot partition (or /boot/latchkey.toml): claim_code, service, client_id, names.",
        ),
        (
            "/var/lib/latchkey",
            "The access key and whose it is, sealed; panel sessions as hashes; the device's own authority.",
        ),
        ("/run/latchkey/broker.sock", "The broker: HTTP on a Unix socket, for members of the group latchkey."),
        ("/run/latchkey/credentials.sock", "The access key for LoadCredential= of systemd units."),
        (
            "/run/issue.d/latchkey.issue",
            "What the console shows: the panel's address and, without an owner, the claim code.",
        ),
        ("/etc/polkit-1/rules.d/60-latchkey.rules", "Which units the panel may restart."),
    ],
    environment: &[
        ("LATCHKEY_…", "Every setting of latchkey.toml(5), such as LATCHKEY_SERVICE or LATCHKEY_PANEL_LISTEN."),
        ("LATCHKEY_CONFIG", "Another settings file, as --config."),
        ("LATCHKEY_PROVISIONING", "Another place for the installer's file."),
        ("CREDENTIALS_DIRECTORY", "Where systemd puts the credential latchkey-sealing-key, if the unit has one."),
    ],
    settings_example: "service = \"https://accounts.example.org\"\n\n[panel]\nnames = [\"pi.example.org\"]\n\n\
                       [device]\nunit = \"remoteit.service\"",
};

const COMMANDS: &[Told] = &[
    Told {
        command: "latchkey",
        more: &[
            "The agent (latchkey run, or latchkey.service) has a panel for browsers, at port 29999, and a broker for programs on \
             this device, a Unix socket. Every other command does one thing and ends. Where an agent runs, commands ask it; where \
             none does, they open what is kept themselves.",
            "Most commands need the rights of root or of the user latchkey; members of the group latchkey may use status, \
             credentials, sign and graphql while the agent runs.",
            "Passwords and codes are never arguments: they are asked for in the terminal, or read from standard input, one \
             answer per line.",
        ],
        examples: &[
            ("sudo latchkey claim", "See how to claim this device in the panel:"),
            ("sudo latchkey sign-in --email ann@example.org", "Or sign in here and now:"),
            ("latchkey status", "See who is signed in, and where the panel is:"),
        ],
        see: &["latchkey-sign-in", "latchkey-status", "latchkey-credentials", "latchkey-run"],
    },
    Told {
        command: "latchkey run",
        more: &[
            "The package starts it as latchkey.service. It runs until SIGTERM or SIGINT, then ends open requests and stops. It \
             starts without a network and without the right time, and asks the service again until that answers.",
        ],
        examples: &[
            ("sudo systemctl restart latchkey", "After a change of settings:"),
            (
                "latchkey run --state-dir ./state --runtime-dir ./run --panel-listen 127.0.0.1:8443",
                "Try it without installing:",
            ),
        ],
        see: &["latchkey-claim"],
    },
    Told {
        command: "latchkey sign-in",
        more: &[
            "Asks for the e-mail address, the password, and whatever the account wants: the code of an authenticator app or a \
             text message, a new password, an authenticator to be set up. Type 'recover' where a code is asked for if you cannot \
             reach your second factor any more; a mailed code and the recovery code then let you in.",
            "An account holds a limited number of access keys. When it has no room, choose which one to replace, or give one \
             that you have.",
            "In scripts, standard input has one answer per line in the order of the questions: password, then code. A wrong \
             answer ends the command.",
        ],
        examples: &[
            ("sudo latchkey sign-in", "In a terminal:"),
            ("printf '%s\\n' \"$PASSWORD\" \"$CODE\" | sudo latchkey sign-in --email ann@example.org", "In a script:"),
            (
                "sudo latchkey sign-in --access-key-file ~/.remoteit/credentials --profile DEFAULT",
                "With an access key that you have:",
            ),
        ],
        see: &["latchkey-sign-out", "latchkey-status"],
    },
    Told {
        command: "latchkey sign-out",
        more: &[
            "The device keeps no owner: programs get no key any more, and the panel asks for a new claim code. When the service \
             cannot be reached, the key is deleted here only, and the command says so.",
        ],
        examples: &[("sudo latchkey sign-out", "Before you give the device away:")],
        see: &["latchkey-release", "latchkey-sign-in"],
    },
    Told {
        command: "latchkey status",
        more: &[
            "The key is good (confirmed lately), usable but not confirmed lately (the service cannot be reached; programs go on \
             working), or revoked (the service refused it; nobody gets it any more). Below that are the panel's addresses and \
             problems, the fingerprint of its certificate authority, and what needs attention.",
            "It succeeds whether or not somebody is signed in; scripts read \"state\" of --json.",
        ],
        examples: &[("latchkey status", "For people:"), ("latchkey status --json", "For scripts:")],
        see: &["latchkey-check"],
    },
    Told {
        command: "latchkey release",
        more: &[
            "As signing out, and ends every session of the panel too, also of an owner who signed in while the service was away. \
             The code that an installer left on the boot partition counts no more; a new one is made.",
        ],
        examples: &[("sudo latchkey release\nsudo latchkey claim", "For the next owner:")],
        see: &["latchkey-sign-out", "latchkey-claim"],
    },
    Told {
        command: "latchkey check",
        more: &["It changes and installs nothing; newer versions come by apt, or as a file from where this one came."],
        examples: &[("sudo latchkey check", "After a change of settings:")],
        see: &["latchkey-status"],
    },
    Told {
        command: "latchkey claim",
        more: &[
            "Nobody on the network can take a device before its owner: the panel asks a new owner for this code, which only \
             somebody at the device sees, here or on its console. A device with an owner has none.",
        ],
        examples: &[("sudo latchkey claim", "The code, the panel's address, and in a terminal a QR code of it:")],
        see: &["latchkey-release", "latchkey-certificate"],
    },
    Told {
        command: "latchkey certificate",
        more: &[
            "The panel's certificate is made by an authority that belongs to this device alone. Compare its six words with those \
             that your browser's certificate shows on the panel's page /ca before you trust it.",
        ],
        examples: &[
            ("sudo latchkey certificate", "See the words and the fingerprint:"),
            (
                "sudo latchkey certificate --new\nsudo systemctl restart latchkey",
                "After a card got into strange hands:",
            ),
        ],
        see: &["latchkey-claim"],
    },
    Told {
        command: "latchkey credentials",
        more: &[
            "Better is a program that never has the key: let it ask the broker to sign, or use latchkey-sign(1). With --write the \
             other profiles, comments, order and line endings of the file stay as they are.",
        ],
        examples: &[
            (
                "sudo latchkey credentials --write ~/.remoteit/credentials",
                "For a program that reads a credentials file:",
            ),
            ("latchkey credentials --format env", "For an environment file:"),
        ],
        see: &["latchkey-sign"],
    },
    Told {
        command: "latchkey sign",
        more: &[
            "Send the printed lines and your own headers unchanged, within a few minutes. The secret stays with the agent.",
        ],
        examples: &[(
            "latchkey sign POST https://api.remote.it/graphql/v1 -H 'content-type:application/json' --body query.json | \\\n    \
             curl -H @- -H 'content-type: application/json' --data-binary @query.json https://api.remote.it/graphql/v1",
            "Sign for curl:",
        )],
        see: &["latchkey-graphql", "latchkey-credentials"],
    },
    Told {
        command: "latchkey graphql",
        more: &["The answer goes to standard output as it came. An error of the service gives exit code 1."],
        examples: &[("latchkey graphql '{login{email}}'", "Whose account is it?")],
        see: &["latchkey-sign"],
    },
    Told {
        command: "latchkey demo",
        more: &[
            "On loopback only, and gone when it ends, unless --state-dir names a folder to keep. The agent of the packages has no \
             account service in it and therefore no demo: build from source for that.",
        ],
        examples: &[
            ("latchkey demo", "Look around:"),
            ("latchkey demo --state-dir ./demo", "Keep account and device for the next time:"),
        ],
        see: &["latchkey-run"],
    },
];

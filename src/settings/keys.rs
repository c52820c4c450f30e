//! Every setting of the agent. Its settings file, the README and the manual page are written from this list.

use super::reference::{Key, Reference, many, one, one_if_any};

/// The settings of `latchkey`.
pub const REFERENCE: Reference = Reference {
    program: "latchkey",
    file: "/etc/latchkey/latchkey.toml",
    variables: "LATCHKEY_",
    preface: "Settings of Latchkey, the agent. What stands here is the default, or an example where there is none; remove the '#' \
              before a line to say it. Files in conf.d beside this one, LATCHKEY_… variables and flags win over it.\n\
              After a change: latchkey check && sudo systemctl restart latchkey",
    keys: KEYS,
};

const KEYS: &[Key] = &[
    one(
        "service",
        r#""http://127.0.0.1:29980""#,
        "URL of the account service, or \"remote.it\". Set it unless the service runs on this very device; another machine's \
         URL must begin with https://.",
    ),
    one_if_any(
        "client_id",
        r#""1234567890abcdefghijklmnop""#,
        "What remote.it knows this program by. Needed with service = \"remote.it\", and used with nothing else.",
    ),
    one_if_any(
        "ca_file",
        r#""/etc/latchkey/ca.pem""#,
        "File (PEM) with certificates to trust beside the system's. Set it when the account service has a certificate by an \
         authority of your own.",
    ),
    one(
        "state_dir",
        r#""/var/lib/latchkey""#,
        "Folder where the access key is kept, sealed, and what else must outlive a restart. Change it when this folder is not \
         on a disk; the unit then needs ReadWritePaths= for the new one.",
    ),
    one(
        "runtime_dir",
        r#""/run/latchkey""#,
        "Folder of the broker's socket. Change it for a second agent on one machine; programs must then look there.",
    ),
    one_if_any(
        "sealing_key",
        r#""/run/credentials/latchkey.service/sealing-key""#,
        "File with the 32 bytes that seal the state, when somebody else keeps them; without it they lie in state_dir. Set it \
         when who gets hold of the card must not be able to read the key. A systemd credential called latchkey-sealing-key \
         is found without this setting.",
    ),
    one(
        "log",
        r#""info""#,
        "How much is logged: error, warn, info or debug. Choose debug while you look for the cause of trouble.",
    ),
    many(
        "panel.listen",
        r#"["[::]:29999"]"#,
        "Addresses where browsers connect, over TLS or plain HTTP on the same port. Change it when the port is taken, or to \
         [\"127.0.0.1:29999\"] when a proxy on this device brings the browsers.",
    ),
    many(
        "panel.names",
        "[]",
        "Further names that browsers may call the panel by, beside the device's host name, the same with .local, and its \
         addresses. Add what your router or your DNS calls the device.",
    ),
    many(
        "panel.trusted_proxies",
        "[]",
        "Addresses of reverse proxies whose forwarding headers are believed, and from whom plain HTTP is taken. Set it when \
         the panel stands behind a proxy on another machine or in a container.",
    ),
    one_if_any(
        "panel.certificate",
        r#""/etc/latchkey/panel.pem""#,
        "A certificate of your own (PEM, with its chain) instead of the device's; read again when it changes. Set it together \
         with panel.certificate_key when browsers trust you already.",
    ),
    one_if_any(
        "panel.certificate_key",
        r#""/etc/latchkey/panel.key""#,
        "The key that belongs to panel.certificate (PEM).",
    ),
    many(
        "broker.groups",
        r#"["latchkey"]"#,
        "Groups whose members may use the broker, and so the access key. Change it when your daemon's group exists already.",
    ),
    one_if_any(
        "device.unit",
        r#""remoteit.service""#,
        "The systemd unit of the daemon that uses the key: the panel shows it, and restarts it when the owner asks. A unit of \
         another name must also be added to /etc/polkit-1/rules.d/60-latchkey.rules.",
    ),
    one_if_any(
        "updates.index",
        r#""https://packages.example.org/latchkey/index.json""#,
        "Where 'latchkey check' asks for newer versions; the address of the index's signature ends in .sig. Set it, with \
         updates.public_key, when you want to be told; nothing is asked or installed by itself.",
    ),
    one_if_any(
        "updates.public_key",
        r#""AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=""#,
        "Ed25519 key that signs the index, base64. Whoever publishes the index tells it.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installed_file_and_the_readme_say_what_the_settings_describe() {
        REFERENCE.check_documents(include_str!("../../systemd/latchkey.toml"));
    }
}

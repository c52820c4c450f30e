//! The machine itself: who it is, how it is, whether it knows the time; and the daemon's unit, which can be started anew from here.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::screens::page::{self, Frame, see_other};
use super::screens::room::{Done, Room, Tab};
use super::screens::{Form, Problem, Visitor, words};
use super::{Panel, attention};
use crate::device::{self, Active, Amount, Device, Health, Loaded, Synchronised, UnitState};

#[derive(Template)]
#[template(path = "device.html", config = "assets/askama.toml")]
struct DevicePage<'a> {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    done: Option<&'static str>,
    name: &'a str,
    worries: Vec<&'static str>,
    clock: &'static str,
    facts: Vec<Fact>,
    daemon: Option<Daemon<'a>>,
}

/// A name of ours, and a value of the machine's.
struct Fact {
    name: &'static str,
    value: String,
}

struct Daemon<'a> {
    unit: &'a str,
    state: Result<UnitState, String>,
    since: Option<String>,
    log: Result<Vec<String>, String>,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    panel.device_page(&visitor, Done::of(&address), None).await
}

/// Starts the daemon anew.
pub(super) async fn change(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let restarted = match form.text("do") {
        "restart" => panel.restart_daemon().await,
        _unknown => Err(NotRestarted::NoDaemon),
    };
    match restarted {
        Ok(()) => see_other(&Done::DaemonRestarted.at("device")),
        Err(not) => panel.device_page(&visitor, None, Some(not.problem())).await,
    }
}

/// Why the daemon was not started anew.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRestarted {
    #[error("There is no daemon to restart: name its unit in Latchkey's settings first.")]
    NoDaemon,
    #[error(transparent)]
    Refused(#[from] device::Error),
}

impl NotRestarted {
    pub(super) fn problem(&self) -> Problem {
        let status = match self {
            Self::NoDaemon => StatusCode::CONFLICT,
            Self::Refused(error) => status(error),
        };
        Problem::new(status, self.to_string())
    }
}

impl Panel {
    pub(super) async fn restart_daemon(&self) -> Result<(), NotRestarted> {
        let unit = self.0.device.unit().ok_or(NotRestarted::NoDaemon)?;
        tracing::info!(%unit, "the daemon is restarted by order of the owner");
        Ok(self.0.device.restart(unit).await?)
    }

    async fn device_page(&self, visitor: &Visitor, done: Option<&'static str>, problem: Option<Problem>) -> Response {
        let room = match Room::enter(self, visitor, Tab::Device).await {
            Ok(room) => room,
            Err(problem) => return page::error(&problem, ""),
        };
        let (device, health) = (&self.0.device, self.0.device.health());
        let page = DevicePage {
            frame: Frame::new(problem.as_ref()),
            room,
            problem: problem.clone(),
            done,
            name: &self.0.device_name,
            worries: health.worries().into_iter().map(attention::of_worry).collect(),
            clock: clock(device.synchronised()),
            facts: facts(device, &health),
            daemon: Daemon::of(device).await,
        };
        page::show(&page, problem.as_ref())
    }
}

impl<'a> Daemon<'a> {
    async fn of(device: &'a Device) -> Option<Self> {
        let unit = device.unit()?;
        let (state, log) = tokio::join!(device.unit_state(unit), device.log(unit));
        let state = state.map_err(|error| error.to_string());
        Some(Self {
            unit: unit.as_str(),
            since: state.as_ref().ok().and_then(|state| state.since).map(words::duration),
            state,
            log: log.map_err(|error| error.to_string()),
        })
    }
}

fn status(error: &device::Error) -> StatusCode {
    use device::Error as E;
    match error {
        E::NoSystemd => StatusCode::NOT_IMPLEMENTED,
        E::NoSuchUnit => StatusCode::CONFLICT,
        E::NotAllowed => StatusCode::FORBIDDEN,
        E::TookTooLong => StatusCode::GATEWAY_TIMEOUT,
        E::DidNotStart | E::NotAsked => StatusCode::BAD_GATEWAY,
    }
}

fn clock(synchronised: Synchronised) -> &'static str {
    match synchronised {
        Synchronised::Yes => "The clock is set by the network.",
        Synchronised::No => {
            "No time server has been reached since the start, so the clock may be wrong. Check the network; 'timedatectl status' says more."
        }
        Synchronised::Unknown => "It is not known whether the network sets the clock.",
    }
}

fn facts(device: &Device, health: &Health) -> Vec<Fact> {
    let identity = device.identity();
    let load = health.load.as_ref();
    let room = |amount: Amount| format!("{} / {}", size(amount.free), size(amount.total));
    [
        ("Model", identity.model),
        ("Serial number ends with", identity.serial_end),
        ("System", identity.system),
        ("Kernel", identity.kernel),
        ("Running for", health.uptime.map(words::duration)),
        ("Temperature", health.celsius.map(|celsius| format!("{celsius} °C"))),
        (
            "Load (1, 5, 15 minutes)",
            load.map(|l| format!("{} · {} · {}", l.one_minute, l.five_minutes, l.fifteen_minutes)),
        ),
        ("Memory, free of all", health.memory.map(room)),
        ("Disk, free of all", health.disk.map(room)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(Fact { name, value: value? }))
    .collect()
}

/// As card and disk makers count.
fn size(bytes: u64) -> String {
    let (unit, name) = if bytes < 1_000_000_000 { (1_000_000, "MB") } else { (1_000_000_000, "GB") };
    let tenths = bytes / (unit / 10);
    if tenths >= 1000 { format!("{} {name}", tenths / 10) } else { format!("{}.{} {name}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_a_unit_that_fits() {
        assert_eq!([size(0), size(63_400_000), size(210_000_000)], ["0.0 MB", "63.4 MB", "210 MB"]);
        assert_eq!(
            [size(1_950_000_000), size(31_900_000_000), size(2_000_000_000_000)],
            ["1.9 GB", "31.9 GB", "2000 GB"]
        );
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let places = device::Places::of_this_machine("/nonexistent".into(), None);
        let nowhere = Device::new(device::Places { root: "/nonexistent".into(), ..places });
        assert!(facts(&nowhere, &Health::default()).is_empty());
    }
}

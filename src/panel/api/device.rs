//! `GET /api/v1/device`: the device itself, how it is, and its daemon; `POST /api/v1/device/unit/restart` starts the daemon anew.
//! What the machine does not tell is `null`.

use axum::extract::State;
use serde::Serialize;

use super::answer::{Answer, Refusal, Sent};
use crate::device::{self, Active, Amount, Device, Health, Load, Loaded, Power, Synchronised, UnitState, Worry};
use crate::panel::this_pi::NotRestarted;
use crate::panel::{Panel, attention};

#[derive(Serialize)]
pub(super) struct Told {
    name: String,
    version: &'static str,
    model: Option<String>,
    serial_end: Option<String>,
    system: Option<String>,
    kernel: Option<String>,
    clock: ToldClock,
    health: ToldHealth,
    unit: Option<ToldUnit>,
}

#[derive(Serialize)]
struct ToldClock {
    synchronised: Option<bool>,
    /// As in the status.
    ahead_seconds: Option<i64>,
}

#[derive(Serialize)]
struct ToldHealth {
    uptime_seconds: Option<u64>,
    celsius: Option<i32>,
    load: Option<ToldLoad>,
    memory: Option<ToldAmount>,
    disk: Option<ToldAmount>,
    power: Option<ToldPower>,
    worries: Vec<ToldWorry>,
}

#[derive(Serialize)]
struct ToldLoad {
    one_minute: f32,
    five_minutes: f32,
    fifteen_minutes: f32,
}

#[derive(Serialize)]
struct ToldAmount {
    free_bytes: u64,
    total_bytes: u64,
}

#[derive(Serialize)]
struct ToldPower {
    too_low: bool,
    was_too_low: bool,
    slowed_down: bool,
    was_slowed_down: bool,
}

#[derive(Serialize)]
struct ToldWorry {
    code: &'static str,
    message: &'static str,
}

/// The daemon's unit; all but the name is `null` where systemd could not be asked, and `problem` says why.
#[derive(Serialize)]
pub(super) struct ToldUnit {
    name: String,
    description: Option<String>,
    loaded: Option<&'static str>,
    active: Option<&'static str>,
    since_seconds: Option<u64>,
    restarts: Option<u32>,
    problem: Option<String>,
}

pub(super) async fn tell(State(panel): State<Panel>) -> Answer<Told> {
    let device = &panel.0.device;
    let identity = device.identity();
    Ok(Sent(Told {
        name: panel.0.device_name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        model: identity.model,
        serial_end: identity.serial_end,
        system: identity.system,
        kernel: identity.kernel,
        clock: ToldClock {
            synchronised: match device.synchronised() {
                Synchronised::Yes => Some(true),
                Synchronised::No => Some(false),
                Synchronised::Unknown => None,
            },
            ahead_seconds: panel.0.account.status().clock_ahead,
        },
        health: device.health().into(),
        unit: ToldUnit::of(device).await,
    }))
}

/// Tells how the unit stands afterwards.
pub(super) async fn restart(State(panel): State<Panel>) -> Answer<ToldUnit> {
    panel.restart_daemon().await.map_err(|not| not_restarted(&not))?;
    ToldUnit::of(&panel.0.device).await.map(Sent).ok_or_else(|| not_restarted(&NotRestarted::NoDaemon))
}

/// No page is here that would show the last words.
fn not_restarted(not: &NotRestarted) -> Refusal {
    use device::Error as E;
    let problem = not.problem();
    let (code, message) = match not {
        NotRestarted::NoDaemon | NotRestarted::Refused(E::NoSystemd | E::NoSuchUnit | E::NotAllowed) => {
            return problem.into();
        }
        NotRestarted::Refused(E::TookTooLong) => ("took_too_long", problem.sentence),
        NotRestarted::Refused(E::NotAsked) => ("not_asked", problem.sentence),
        NotRestarted::Refused(E::DidNotStart) => {
            let message = "The daemon did not start. The panel's page /device shows its last words; so does 'journalctl' on the device.";
            ("did_not_start", message.to_owned())
        }
    };
    Refusal::new(problem.status, code, message)
}

impl From<Health> for ToldHealth {
    fn from(health: Health) -> Self {
        let worry = |worry| ToldWorry { code: word(worry), message: attention::of_worry(worry) };
        Self {
            worries: health.worries().into_iter().map(worry).collect(),
            uptime_seconds: health.uptime.map(|uptime| uptime.as_secs()),
            celsius: health.celsius,
            load: health.load.map(ToldLoad::from),
            memory: health.memory.map(ToldAmount::from),
            disk: health.disk.map(ToldAmount::from),
            power: health.power.map(ToldPower::from),
        }
    }
}

impl From<Load> for ToldLoad {
    fn from(Load { one_minute, five_minutes, fifteen_minutes }: Load) -> Self {
        Self { one_minute, five_minutes, fifteen_minutes }
    }
}

impl From<Amount> for ToldAmount {
    fn from(Amount { free, total }: Amount) -> Self {
        Self { free_bytes: free, total_bytes: total }
    }
}

impl From<Power> for ToldPower {
    fn from(Power { too_low, was_too_low, slowed_down, was_slowed_down }: Power) -> Self {
        Self { too_low, was_too_low, slowed_down, was_slowed_down }
    }
}

fn word(worry: Worry) -> &'static str {
    match worry {
        Worry::UnderVoltage => "under_voltage",
        Worry::UnderVoltageBefore => "under_voltage_before",
        Worry::TooHot => "too_hot",
        Worry::Hot => "hot",
        Worry::DiskFull => "disk_full",
        Worry::DiskLow => "disk_low",
        Worry::MemoryLow => "memory_low",
    }
}

impl ToldUnit {
    /// `None`: the settings name no unit.
    async fn of(device: &Device) -> Option<Self> {
        let unit = device.unit()?;
        let (state, problem) = match device.unit_state(unit).await {
            Ok(state) => (Some(state), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let state = state.as_ref();
        Some(Self {
            name: unit.as_str().to_owned(),
            description: state.map(|state| state.description.clone()),
            loaded: state.map(loaded),
            active: state.map(active),
            since_seconds: state.and_then(|state| state.since).map(|since| since.as_secs()),
            restarts: state.map(|state| state.restarts),
            problem,
        })
    }
}

fn loaded(state: &UnitState) -> &'static str {
    match state.loaded {
        Loaded::Yes => "yes",
        Loaded::NoSuchUnit => "no_such_unit",
        Loaded::Masked => "masked",
        Loaded::Broken => "broken",
    }
}

fn active(state: &UnitState) -> &'static str {
    match state.active {
        Active::Running => "running",
        Active::Starting => "starting",
        Active::Stopping => "stopping",
        Active::Stopped => "stopped",
        Active::Failed => "failed",
        Active::Unknown => "unknown",
    }
}

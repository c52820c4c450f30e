//! The agent as systemd and the programs of the machine meet it: start, stop, and a panel whose port is taken.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use latchkey::app::{App, Error, PanelNotice};
use latchkey::base::{Clock, Entropy};
use latchkey::net::listen;
use latchkey::net::serve::Stop;
use latchkey::settings::{self, Environment, Raw, RawPanel, Settings};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixDatagram, UnixStream};
use tokio::task::JoinSet;

use crate::world::{Factor, World};

#[tokio::test]
async fn without_network_the_agent_starts_at_once_and_shows_a_claim_code() {
    let folder = TempDir::new().unwrap();
    let app = start(&settings(&folder, free())).await.unwrap();
    assert_eq!(app.claim_code().unwrap().len(), "XXXX-XXXX".len());
    let [url] = app.panel_notice().urls.try_into().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let running = Running::from(app);
    assert!(ask(&folder, "/v1/status").await.contains("\"state\":\"absent\""));
    running.stop().await;
}

#[tokio::test]
async fn while_another_program_has_the_panels_port_the_broker_answers_and_the_panel_comes_when_it_is_free() {
    let folder = TempDir::new().unwrap();
    let other = TcpListener::bind(free()).unwrap();
    let address = other.local_addr().unwrap();
    let running = Running::from(start(&settings(&folder, address)).await.unwrap());
    let [problem] = notice(&folder).problems.try_into().unwrap();
    assert!(problem.starts_with(&format!("{address} is already in use; ")), "{problem}");
    assert!(ask(&folder, "/v1/status").await.starts_with("HTTP/1.1 200"));
    drop(other);
    until(|| notice(&folder).urls == [format!("http://{address}")]).await;
    assert_eq!(notice(&folder).problems, [""; 0]);
    running.stop().await;
}

#[tokio::test]
async fn a_second_agent_is_refused_and_the_first_goes_on() {
    let folder = TempDir::new().unwrap();
    let running = Running::from(start(&settings(&folder, free())).await.unwrap());
    let second = start(&settings(&folder, free())).await;
    assert!(matches!(second.err().unwrap(), Error::Listen(listen::Error::Live(_))));
    assert!(ask(&folder, "/v1/status").await.starts_with("HTTP/1.1 200"));
    running.stop().await;
}

#[tokio::test]
async fn an_agent_that_is_told_to_stop_leaves_nothing_in_the_runtime_folder() {
    let folder = TempDir::new().unwrap();
    let running = Running::from(start(&settings(&folder, free())).await.unwrap());
    running.stop().await;
    let left = std::fs::read_dir(folder.path().join("run")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn systemd_is_told_when_the_sockets_listen_and_when_the_agent_stops() {
    let folder = TempDir::new().unwrap();
    let systemd = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(["run", "--panel-listen", "127.0.0.1:0"])
        .env_clear()
        .env("NOTIFY_SOCKET", folder.path().join("notify"))
        .env("LATCHKEY_CONFIG", "/dev/null")
        .env("LATCHKEY_STATE_DIR", folder.path().join("state"))
        .env("LATCHKEY_RUNTIME_DIR", folder.path().join("run"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(heard(&systemd).await, "READY=1");
    assert!(ask(&folder, "/v1/status").await.starts_with("HTTP/1.1 200"));
    assert!(Command::new("sh").args(["-c", &format!("kill {}", agent.id())]).status().unwrap().success());
    assert_eq!(heard(&systemd).await, "STOPPING=1");
    assert!(agent.wait().unwrap().success());
}

#[tokio::test]
async fn a_key_that_was_got_at_the_terminal_is_good_at_once() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let folder = TempDir::new().unwrap();
    let settings = Settings { service: settings::Service::Url(world.service_url()), ..settings(&folder, free()) };
    let running = Running::from(start(&settings).await.unwrap());
    let typed = format!("{}\n{}\n", bob.email, bob.password);
    let signed_in = at_the_terminal(&settings, "sign-in", &typed).await;
    assert!(signed_in.contains("Signed in as bob@example.test."), "{signed_in}");
    let status = at_the_terminal(&settings, "status", "").await;
    assert!(status.contains(", good\n"), "{status}");
    running.stop().await;
}

#[tokio::test]
async fn a_group_that_does_not_exist_stops_nobody() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(&folder, free());
    settings.broker.groups = vec!["no-such-group-anywhere".to_owned()];
    Running::from(start(&settings).await.unwrap()).stop().await;
}

/// An agent that serves, and the hand that stops it.
pub(crate) struct Running {
    stopper: latchkey::net::serve::Stopper,
    tasks: JoinSet<()>,
}

impl From<App> for Running {
    fn from(app: App) -> Self {
        let (stopper, stop) = Stop::pair();
        let mut tasks = JoinSet::new();
        tasks.spawn(app.run(stop));
        Self { stopper, tasks }
    }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stopper.stop();
        self.tasks.join_all().await;
    }
}

pub(crate) async fn start(settings: &Settings) -> Result<App, Error> {
    App::start(settings, Clock::system(), Entropy::kernel()).await
}

/// Nobody answers at the account service.
pub(crate) fn settings(folder: &TempDir, panel: SocketAddr) -> Settings {
    let path = |name: &str| Some(folder.path().join(name).to_str().unwrap().to_owned());
    let flags = Raw {
        service: Some("http://127.0.0.1:1".to_owned()),
        state_dir: path("state"),
        runtime_dir: path("run"),
        panel: RawPanel { listen: Some(vec![panel.to_string()]), ..RawPanel::default() },
        ..Raw::default()
    };
    settings::read(Some(Path::new("/dev/null")), &Environment::default(), flags).unwrap()
}

pub(crate) fn free() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub(crate) fn notice(folder: &TempDir) -> PanelNotice {
    PanelNotice::left_in(&folder.path().join("run"))
}

/// What a command says to somebody who types this.
async fn at_the_terminal(settings: &Settings, command: &str, typed: &str) -> String {
    let settings::Service::Url(service) = &settings.service else { return String::new() };
    let mut running = tokio::process::Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .arg(command)
        .env_clear()
        .env("LATCHKEY_CONFIG", "/dev/null")
        .env("LATCHKEY_SERVICE", service)
        .env("LATCHKEY_STATE_DIR", &settings.state_dir)
        .env("LATCHKEY_RUNTIME_DIR", &settings.runtime_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    running.stdin.take().unwrap().write_all(typed.as_bytes()).await.unwrap();
    String::from_utf8(running.wait_with_output().await.unwrap().stdout).unwrap()
}

async fn ask(folder: &TempDir, path: &str) -> String {
    let mut stream = UnixStream::connect(folder.path().join("run/broker.sock")).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn heard(systemd: &UnixDatagram) -> String {
    let mut message = [0; 64];
    let length = tokio::time::timeout(Duration::from_secs(30), systemd.recv(&mut message)).await.unwrap().unwrap();
    String::from_utf8(message.iter().copied().take(length).collect()).unwrap().trim_end().to_owned()
}

pub(crate) async fn until(comes_true: impl Fn() -> bool) {
    let waiting = async {
        while !comes_true() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
}

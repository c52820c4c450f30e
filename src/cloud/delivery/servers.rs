//! Servers for tests: a mail server and an HTTP gateway that answer as they are told and keep what they got.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Says one of the codes after each message, in order.
pub(super) struct Smtp {
    pub(super) port: u16,
    desk: Arc<Mutex<Desk>>,
    _serving: JoinSet<()>,
}

/// Answers one request per connection with one of the statuses, in order.
pub(super) struct Answering {
    pub(super) port: u16,
    desk: Arc<Mutex<Desk>>,
    _serving: JoinSet<()>,
}

struct Desk {
    answers: Vec<u16>,
    taken: Vec<String>,
}

impl Desk {
    fn new(answers: &[u16]) -> Arc<Mutex<Self>> {
        let answers = answers.iter().rev().copied().collect();
        Arc::new(Mutex::new(Self { answers, taken: Vec::new() }))
    }

    /// The next answer; keeps what was brought when `keep` says so.
    fn answer(&mut self, brought: String, keep: impl Fn(u16) -> bool) -> u16 {
        let code = self.answers.pop().unwrap();
        if keep(code) {
            self.taken.push(brought);
        }
        code
    }
}

impl Smtp {
    pub(super) async fn start(answers: &[u16]) -> Self {
        let desk = Desk::new(answers);
        let (port, serving) = serve(desk.clone(), take_mail).await;
        Self { port, desk, _serving: serving }
    }

    /// The messages that were answered with 250.
    pub(super) fn taken(&self) -> Vec<String> {
        self.desk.lock().unwrap().taken.clone()
    }
}

impl Answering {
    pub(super) async fn start(answers: &[u16]) -> Self {
        let desk = Desk::new(answers);
        let (port, serving) = serve(desk.clone(), take_request).await;
        Self { port, desk, _serving: serving }
    }

    /// Every request, head and body.
    pub(super) fn taken(&self) -> Vec<String> {
        self.desk.lock().unwrap().taken.clone()
    }
}

async fn serve<F>(desk: Arc<Mutex<Desk>>, converse: fn(TcpStream, Arc<Mutex<Desk>>) -> F) -> (u16, JoinSet<()>)
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut conversations = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            conversations.spawn(converse(stream, desk.clone()));
        }
    });
    (port, serving)
}

async fn take_mail(stream: TcpStream, desk: Arc<Mutex<Desk>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if !line.starts_with("DATA") {
            stream.write_all(if line.starts_with("EHLO") { b"250 here\r\n" } else { b"250 fine\r\n" }).await?;
            continue;
        }
        stream.write_all(b"354 go on\r\n").await?;
        let mut mail = String::new();
        while !mail.ends_with("\r\n.\r\n") {
            stream.read_line(&mut mail).await?;
        }
        let code = desk.lock().unwrap().answer(mail, |code| code == 250);
        stream.write_all(format!("{code} said\r\n").as_bytes()).await?;
    }
}

async fn take_request(stream: TcpStream, desk: Arc<Mutex<Desk>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        stream.read_line(&mut request).await?;
    }
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    request += &String::from_utf8(body).unwrap();
    let code = desk.lock().unwrap().answer(request, |_any| true);
    stream.write_all(format!("HTTP/1.1 {code} said\r\ncontent-length: 2\r\n\r\n{{}}").as_bytes()).await
}

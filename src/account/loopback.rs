//! A tiny HTTP server on loopback that says what a test tells it to say, and remembers what it heard.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(super) struct Loopback {
    pub(super) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Ends with the server.
    _conversations: JoinSet<()>,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) head: String,
    pub(super) body: String,
}

impl Loopback {
    /// `say` gets the request and how many came before it, and gives back the whole answer, head included.
    pub(super) async fn saying(say: impl Fn(&Heard, usize) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let memory = heard.clone();
        let mut conversations = JoinSet::new();
        conversations.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(request) = hear(&mut stream).await else { continue };
                let before = lock(&memory).len();
                lock(&memory).push(request.clone());
                let _gone = stream.write_all(say(&request, before).as_bytes()).await;
            }
        });
        Self { url, heard, _conversations: conversations }
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        lock(&self.heard).clone()
    }
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

pub(super) fn answer(status: u16, form: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Spoken\r\ncontent-type: {form}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// With one more header line.
pub(super) fn with_header(answer: &str, line: &str) -> String {
    answer.replacen("\r\n", &format!("\r\n{line}\r\n"), 1)
}

async fn hear(stream: &mut TcpStream) -> Option<Heard> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let heard = Heard { head: String::from_utf8(head).ok()?, body: String::new() };
    let length = heard.header("content-length").map_or(0, |length| length.parse().unwrap_or_default());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Heard { body: String::from_utf8(body).ok()?, ..heard })
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Clients that hold connections, and what others notice of them. The tests of the examples have them too.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};

/// The descriptors of the process that is attacked.
pub(crate) const DESCRIPTORS: usize = 256;
/// How many connections an attack keeps.
const CONNECTIONS: usize = 500;
/// The time between two passes over the connections, and between two parts of one.
const PASS: Duration = Duration::from_millis(100);
const PART: Duration = Duration::from_millis(2);
/// The pause between two honest requests, and how many are measured.
const PAUSE: Duration = Duration::from_millis(10);
const REQUESTS: usize = 150;
/// What counts as the calm p99 at least, since a loaded machine is no steady one. A service that is cut off answers nothing
/// for seconds.
const FLOOR: Duration = Duration::from_millis(50);
/// How many times the calm p99 the one under an attack may be.
const MOST_TIMES: u32 = 10;

/// What a slow client sends.
#[derive(Clone)]
pub(crate) struct SlowClient {
    pub(crate) name: &'static str,
    /// Sent when it is connected.
    pub(crate) first: String,
    /// Sent in each pass after that.
    pub(crate) then: String,
    /// Whether it reads what it is sent.
    pub(crate) reads: bool,
}

impl SlowClient {
    /// Sends one header after the other.
    pub(crate) fn headers() -> SlowClient {
        let first = "GET / HTTP/1.1\r\nHost: x\r\n".to_owned();
        SlowClient { name: "headers", first, then: "X-A: b\r\n".into(), reads: true }
    }

    /// Sends one byte of a body after the other, after these headers of a request without its length.
    pub(crate) fn body(head: &str) -> SlowClient {
        let first = format!("{head}Content-Length: 60000\r\n\r\n{{");
        SlowClient { name: "body", first, then: " ".into(), reads: true }
    }

    /// Does nothing.
    pub(crate) fn idle() -> SlowClient {
        SlowClient { name: "idle", first: String::new(), then: String::new(), reads: true }
    }

    /// Sends a request now and then.
    pub(crate) fn keep_alive(path: &str) -> SlowClient {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        SlowClient { name: "keep-alive", first: request.clone(), then: request, reads: true }
    }

    /// Sends request after request, and reads no response.
    pub(crate) fn never_reading(path: &str) -> SlowClient {
        let requests = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").repeat(200);
        SlowClient { name: "never reading", first: requests.clone(), then: requests, reads: false }
    }
}

/// Many slow clients at one address, which connect again when they are disconnected. Dropping it ends them.
struct Attack {
    stop: Arc<AtomicBool>,
    passes: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Attack {
    fn start(address: SocketAddr, client: &SlowClient) -> Attack {
        let (stop, passes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let thread = std::thread::spawn({
            let (client, stop, passes) = (client.clone(), Arc::clone(&stop), Arc::clone(&passes));
            move || {
                let mut connections: Vec<Option<TcpStream>> = (0..CONNECTIONS).map(|_| None).collect();
                while !stop.load(Ordering::Relaxed) {
                    for part in connections.chunks_mut(20) {
                        part.iter_mut().for_each(|connection| pass(connection, address, &client));
                        std::thread::sleep(PART);
                    }
                    passes.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(PASS);
                }
            }
        });
        let attack = Attack { stop, passes, thread: Some(thread) };
        while attack.passes.load(Ordering::Relaxed) < 2 {
            std::thread::sleep(PASS);
        }
        attack
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Sends more on a connection, or connects again.
fn pass(connection: &mut Option<TcpStream>, address: SocketAddr, client: &SlowClient) {
    let is_open = connection.as_mut().is_some_and(|stream| {
        let is_open = !client.reads || drain(stream);
        is_open && send(stream, &client.then)
    });
    if !is_open {
        *connection = TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        if let Some(stream) = connection {
            stream.set_nonblocking(true).expect("a socket");
            send(stream, &client.first);
        }
    }
}

/// Reads what there is. Returns whether the connection is open.
fn drain(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(cause) => return cause.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// Sends as much as there is place for. Returns whether the connection is open.
fn send(stream: &mut TcpStream, text: &str) -> bool {
    match stream.write(text.as_bytes()) {
        Ok(sent) => sent > 0 || text.is_empty(),
        Err(cause) => cause.kind() == ErrorKind::WouldBlock,
    }
}

/// Returns a command with few descriptors.
pub(crate) fn with_few_descriptors(command: &Command) -> Command {
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\"")]);
    limited.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// Returns two clients at 127.0.0.2: one that keeps its connection, and one that connects for each request.
pub(crate) fn honest_clients() -> [Client; 2] {
    [1, 0].map(|idle| {
        let client = Client::builder().local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)));
        client.pool_max_idle_per_host(idle).timeout(Duration::from_secs(20)).build().expect("a client")
    })
}

/// Sends a request over and over, to which each response must be 200, and returns the 99th percentile of the waits.
async fn p99(clients: &[Client; 2], request: &impl Fn(&Client) -> RequestBuilder) -> Duration {
    let mut waits = vec![];
    for client in clients.iter().cycle().take(REQUESTS) {
        let begin = Instant::now();
        let response = request(client).send().await.expect("a response");
        assert_eq!(response.status(), 200);
        response.bytes().await.expect("a body");
        waits.push(begin.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    waits.sort_unstable();
    waits[REQUESTS * 99 / 100]
}

/// Requires that clients at another address notice little of each attack.
pub(crate) async fn attack_with(
    address: SocketAddr,
    clients: &[SlowClient],
    request: impl Fn(&Client) -> RequestBuilder,
) {
    let honest = honest_clients();
    for client in clients {
        let calm = p99(&honest, &request).await.max(FLOOR);
        let attack = Attack::start(address, client);
        let attacked = p99(&honest, &request).await;
        drop(attack);
        assert!(attacked < calm * MOST_TIMES, "{}: {attacked:?}, calm {calm:?}", client.name);
    }
}

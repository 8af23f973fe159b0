//! Peers on loopback, on ports that the kernel picks, each served by a thread for the life of the value.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A server: counts who came.
pub struct Server {
    /// The port, 0 for a local socket.
    pub port: u16,
    count: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Accepts on `ADDRESS:0` and answers every request with one HTTP response; what is not a request gets it as well
    /// once the peer has sent a line or has shut its side.
    pub fn http(address: &str, body: &'static str) -> Server {
        Server::tcp(address, move |mut stream| {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        })
    }

    /// Accepts and closes at once.
    pub fn counting(address: &str, port: u16) -> Server {
        Server::on(TcpListener::bind((address, port)).unwrap(), drop)
    }

    /// Sends back the first bytes that come.
    pub fn echo(address: &str) -> Server {
        Server::tcp(address, |mut stream| {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap_or(0);
            let _ = stream.write_all(&bytes[..count]);
        })
    }

    fn tcp(address: &str, answer: impl Fn(TcpStream) + Send + 'static) -> Server {
        Server::on(TcpListener::bind((address, 0)).unwrap(), answer)
    }

    fn on(listener: TcpListener, answer: impl Fn(TcpStream) + Send + 'static) -> Server {
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        Server::serve(port, move || match listener.accept() {
            Ok((stream, _)) => {
                let _ = stream.set_nonblocking(false);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
                answer(stream);
                true
            }
            Err(_) => false,
        })
    }

    /// Accepts on a local socket and closes at once.
    pub fn local(path: &Path) -> Server {
        let listener = UnixListener::bind(path).unwrap();
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .unwrap();
        listener.set_nonblocking(true).unwrap();
        Server::serve(0, move || listener.accept().is_ok())
    }

    /// Counts datagrams.
    pub fn datagrams(address: &str) -> Server {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        socket.set_nonblocking(true).unwrap();
        Server::serve(port, move || socket.recv_from(&mut [0; 1500]).is_ok())
    }

    /// Sends every datagram back to where it came from.
    pub fn datagram_echo(address: &str) -> Server {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        socket.set_nonblocking(true).unwrap();
        let mut bytes = vec![0; 1 << 16];
        Server::serve(port, move || match socket.recv_from(&mut bytes) {
            Ok((count, from)) => socket.send_to(&bytes[..count], from).is_ok(),
            Err(_) => false,
        })
    }

    /// A name server that gives every name the address 127.0.0.1.
    pub fn names() -> Server {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        socket.set_nonblocking(true).unwrap();
        Server::serve(port, move || {
            let mut query = [0; 1500];
            let Ok((count, from)) = socket.recv_from(&mut query) else {
                return false;
            };
            let _ = socket.send_to(&answer_of(&query[..count]), from);
            true
        })
    }

    fn serve(port: u16, mut one: impl FnMut() -> bool + Send + 'static) -> Server {
        let count = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let shared = (count.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            while !shared.1.load(Ordering::SeqCst) {
                if one() {
                    shared.0.fetch_add(1, Ordering::SeqCst);
                } else {
                    std::thread::sleep(Duration::from_micros(200));
                }
            }
            while one() {
                shared.0.fetch_add(1, Ordering::SeqCst);
            }
        });
        Server { port, count, stop, thread: Some(thread) }
    }

    /// Stops and says how many came in all, those still in the queue included.
    pub fn total(mut self) -> usize {
        self.end();
        self.count.load(Ordering::SeqCst)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// RFC 1035: the question repeated, and one A record for the name in it.
fn answer_of(query: &[u8]) -> Vec<u8> {
    if query.len() < 12 {
        return Vec::new();
    }
    let name_end =
        query[12..].iter().position(|byte| *byte == 0).map_or(query.len(), |at| 12 + at + 1);
    let question = &query[12..(name_end + 4).min(query.len())];
    let mut answer = query[..2].to_vec();
    answer.extend([0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    answer.extend(question);
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    answer
}

/// A port whose queue is full: whoever connects waits until this is dropped.
pub struct FullQueue {
    /// The port.
    pub port: u16,
    _listener: std::os::fd::OwnedFd,
    _waiting: Vec<std::os::fd::OwnedFd>,
}

impl FullQueue {
    /// Listens with the shortest queue there is and fills it.
    pub fn new() -> FullQueue {
        use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
        let socket = |flags| unsafe {
            OwnedFd::from_raw_fd(libc::socket(
                libc::AF_INET,
                libc::SOCK_STREAM | libc::SOCK_CLOEXEC | flags,
                0,
            ))
        };
        let listener = socket(0);
        let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
        address.sin_family = libc::AF_INET as u16;
        address.sin_addr.s_addr = u32::from(std::net::Ipv4Addr::LOCALHOST).to_be();
        let mut length = size_of_val(&address) as u32;
        unsafe {
            assert_eq!(libc::bind(listener.as_raw_fd(), (&raw const address).cast(), length), 0);
            assert_eq!(libc::listen(listener.as_raw_fd(), 0), 0);
            libc::getsockname(listener.as_raw_fd(), (&raw mut address).cast(), &mut length);
        }
        // One connection is queued; from the second on the kernel drops the handshake.
        let waiting: Vec<OwnedFd> = (0..4)
            .map(|_| {
                let client = socket(libc::SOCK_NONBLOCK);
                unsafe { libc::connect(client.as_raw_fd(), (&raw const address).cast(), length) };
                client
            })
            .collect();
        FullQueue { port: u16::from_be(address.sin_port), _listener: listener, _waiting: waiting }
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Connects as soon as somebody listens, sends `request` and reads to the end.
#[track_caller]
pub fn ask(port: u16, request: &str) -> String {
    let mut stream = None;
    super::run::eventually("somebody listens", || {
        stream = TcpStream::connect(("127.0.0.1", port)).ok();
        stream.is_some()
    });
    let mut stream = stream.unwrap();
    stream.set_read_timeout(Some(super::run::PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

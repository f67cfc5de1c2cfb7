//! The network of the pods: a network namespace of the suite's own, so that pods have addresses that the API server agrees to talk to.
//!
//! ```text
//! the machine  10.X.Y.1 ──veth── 10.X.Y.2  the node
//!                                10.X.Y.64 – 10.X.Y.254  pods
//! ```
//!
//! The `/24` is one that no address and no route of the machine is in. All of it is removed with this process, and what a process left
//! behind that could not is removed by the next. It needs root, and is left out without.

use std::{
    fs::File,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
};

use nix::sched::{CloneFlags, setns};

/// What the names of our namespaces begin with; the rest is the process that made it.
const PREFIX: &str = "rollwatch-";

type Wish = (SocketAddr, mpsc::Sender<io::Result<TcpListener>>);

/// The namespace, with a thread inside that binds.
pub(crate) struct Net {
    subnet: [u8; 2],
    wishes: mpsc::Sender<Wish>,
    pool: Arc<Mutex<Pool>>,
}

/// The last bytes of the addresses in use, and the one given last.
struct Pool {
    used: Vec<u8>,
    last: u8,
}

/// The address of a pod, free again when this is dropped.
pub(crate) struct Lease {
    pub(crate) address: Ipv4Addr,
    pool: Arc<Mutex<Pool>>,
}

impl Net {
    /// Makes it; none, after a sentence, where that is not allowed.
    pub(crate) fn start() -> Option<Self> {
        Self::make()
            .map_err(|why| {
                #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
                {
                    eprintln!("skipped: pods have no addresses: {why}");
                }
            })
            .ok()
    }

    fn make() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("a network namespace needs root".to_owned());
        }
        remove_left_overs()?;
        let subnet = free_subnet().ok_or("every subnet of 10.0.0.0/8 is taken")?;
        let [x, y] = subnet;
        let (name, link) = (name(), format!("rw{}", std::process::id()));
        let inside = |arguments: &str| ip(&format!("-n {name} {arguments}"));
        ip(&format!("netns add {name}"))?;
        ip(&format!("link add {link} type veth peer name eth0 netns {name}"))?;
        ip(&format!("addr add 10.{x}.{y}.1/24 dev {link}"))?;
        ip(&format!("link set {link} up"))?;
        inside(&format!("addr add 10.{x}.{y}.2/24 dev eth0"))?;
        inside("link set lo up")?;
        inside("link set eth0 up")?;
        // The namespace answers for every pod's address without having each.
        for range in ["64/26", "128/25"] {
            inside(&format!("route add local 10.{x}.{y}.{range} dev lo"))?;
        }
        let pool = Arc::new(Mutex::new(Pool { used: Vec::new(), last: 63 }));
        Ok(Self { subnet, wishes: bind_inside(&name), pool })
    }

    /// The address of the node.
    pub(crate) fn node(&self) -> Ipv4Addr {
        self.address(2)
    }

    /// An address for a pod; none while all are in use. One that was given back is given again as late as possible.
    pub(crate) fn lease(&self) -> Option<Lease> {
        let mut pool = self.pool.lock().expect("nobody panics with it");
        let free = (pool.last + 1..255).chain(64..=pool.last).find(|last| !pool.used.contains(last))?;
        pool.used.push(free);
        pool.last = free;
        Some(Lease { address: self.address(free), pool: Arc::clone(&self.pool) })
    }

    /// Listens inside.
    pub(crate) fn bind(&self, address: Ipv4Addr, port: u16) -> io::Result<tokio::net::TcpListener> {
        let (answer, listener) = mpsc::channel();
        self.wishes.send((SocketAddr::from((address, port)), answer)).expect("the thread inside lives as long as this process");
        let listener = listener.recv().expect("an answer")?;
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener)
    }

    fn address(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, self.subnet[0], self.subnet[1], last)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let own = self.address.octets()[3];
        self.pool.lock().expect("nobody panics with it").used.retain(|last| *last != own);
    }
}

/// The shell command that removes our namespace, and the link with it.
pub(crate) fn removal() -> String {
    format!("ip netns del {} 2>/dev/null", name())
}

fn name() -> String {
    format!("{PREFIX}{}", std::process::id())
}

/// A listener stays in the namespace in which its thread made it, whoever serves it.
fn bind_inside(name: &str) -> mpsc::Sender<Wish> {
    let (wishes, queue) = mpsc::channel::<Wish>();
    let namespace = File::open(Path::new("/run/netns").join(name)).expect("the namespace that was just made");
    thread::spawn(move || {
        setns(namespace, CloneFlags::CLONE_NEWNET).expect("root may enter");
        for (address, answer) in queue {
            answer.send(TcpListener::bind(address)).unwrap_or_default();
        }
    });
    wishes
}

fn remove_left_overs() -> Result<(), String> {
    let all = ip("netns list")?;
    for name in all.lines().filter_map(|line| line.split_whitespace().next()) {
        let process = name.strip_prefix(PREFIX).and_then(|id| id.parse::<u32>().ok());
        if process.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
            ip(&format!("netns del {name}"))?;
        }
    }
    Ok(())
}

/// The middle bytes of a `/24` of 10.0.0.0/8 that nothing of this machine is in. Where two processes look at once, they begin elsewhere.
fn free_subnet() -> Option<[u8; 2]> {
    let text = [ip("-o -4 addr show").ok()?, ip("-4 route show table all").ok()?].concat();
    let taken: Vec<(u32, u8)> = text.split_whitespace().filter_map(network).collect();
    let begin = std::process::id().wrapping_mul(37);
    (0..0x4000_u32).map(|step| 0x0a40_0000 | (begin.wrapping_add(step) % 0x4000) << 8).find_map(|subnet| {
        let overlaps = |(address, length): &(u32, u8)| {
            let mask = u32::MAX << (32 - u32::from((*length).min(24)));
            *length > 0 && address & mask == subnet & mask
        };
        let [_, x, y, _] = subnet.to_be_bytes();
        (!taken.iter().any(overlaps)).then_some([x, y])
    })
}

/// An address with the length of its prefix; a route to a single address may leave that out.
fn network(word: &str) -> Option<(u32, u8)> {
    let (address, length) = word.split_once('/').unwrap_or((word, "32"));
    Some((address.parse::<Ipv4Addr>().ok()?.to_bits(), length.parse().ok()?))
}

/// Runs `ip`; what it prints, or why not.
fn ip(arguments: &str) -> Result<String, String> {
    let mut command = Command::new("ip");
    command.args(arguments.split(' ')).stdin(Stdio::null());
    let ran = command.output().map_err(|error| format!("ip does not run: {error}"))?;
    if ran.status.success() {
        Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
    } else {
        Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&ran.stderr).trim()))
    }
}

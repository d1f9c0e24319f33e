//! The ways by which a push reaches a server: a path, smart HTTP behind a small web server, and a forced command as sshd
//! runs one.

use crate::harness::World;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Path,
    Http,
    Ssh,
}

impl Transport {
    pub const ALL: [Transport; 3] = [Transport::Path, Transport::Http, Transport::Ssh];

    /// The address of a repository, and what a client's environment needs to reach it.
    pub fn address(self, world: &World, server: &Path) -> (String, Vec<(String, String)>) {
        match self {
            Transport::Path => (format!("file://{}", server.display()), Vec::new()),
            Transport::Http => (format!("{}/server", serve(world, server)), Vec::new()),
            Transport::Ssh => {
                let script = world.path().join("ssh");
                std::fs::write(&script, FORCED).expect("a script");
                let command = format!("sh {}", script.display());
                let client = vec![("GIT_SSH_COMMAND".into(), command), ("USER_OF_KEY".into(), "carol".into())];
                (format!("host:{}", server.display()), client)
            }
        }
    }
}

/// What sshd does for a key with `command="…"`: nothing of the client's environment, the pusher's name, and of what the
/// client asked for the service and the path alone.
const FORCED: &str = r#"
while [ "$1" != host ]; do shift; done
shift
eval "set -- $*"
case $1 in
git-receive-pack | git-upload-pack)
    exec env -i PATH="$PATH" HOME="$HOME" GIT_CONFIG_NOSYSTEM=1 GATOS_CLOCK="$GATOS_CLOCK" GATOS_SEED="$GATOS_SEED" \
        GATOS_PUSHER="$USER_OF_KEY" "$1" "$2" ;;
esac
exit 1
"#;

/// Starts a web server for the repositories of a world and gives its address. It serves until the test ends.
fn serve(world: &World, server: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let root = server.parent().expect("a directory").to_owned();
    let surroundings = surroundings(world);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (root, surroundings) = (root.clone(), surroundings.clone());
            // A client that goes away is the test's business.
            std::thread::spawn(move || answer(stream, &root, &surroundings));
        }
    });
    address
}

/// What the server's processes see: the harness's variables, none of a client's.
fn surroundings(world: &World) -> BTreeMap<String, String> {
    let shown = world.command("env", "git", world.path()).run().ok().stdout();
    shown.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// One request, handed to `git http-backend` (RFC 3875) and its answer handed back.
fn answer(mut stream: TcpStream, root: &Path, surroundings: &BTreeMap<String, String>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.get("expect").is_some_and(|e| e.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let body = body(&mut reader, &headers)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut backend = Command::new("git");
    backend.arg("http-backend").env_clear().envs(surroundings).current_dir(root);
    backend.env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_USER", "carol");
    backend.env("REQUEST_METHOD", method).env("PATH_INFO", path).env("QUERY_STRING", query);
    for (header, variable) in [
        ("content-type", "CONTENT_TYPE"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
        ("git-protocol", "GIT_PROTOCOL"),
    ] {
        if let Some(value) = headers.get(header) {
            backend.env(variable, value);
        }
    }
    backend.env("CONTENT_LENGTH", body.len().to_string());
    let mut child = backend.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let writer = std::thread::spawn(move || drop(stdin.write_all(&body)));
    let output = child.wait_with_output().ok()?.stdout;
    writer.join().ok()?;
    let end = output.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let status = head.lines().find_map(|l| l.strip_prefix("Status: ")).unwrap_or("200 OK");
    let kept: Vec<&str> = head.lines().filter(|l| !l.starts_with("Status: ")).collect();
    let length = output.len() - end - 4;
    let head =
        format!("HTTP/1.1 {status}\r\n{}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n", kept.join("\r\n"));
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&output[end + 4..]).ok()
}

/// The body of a request: of a length, or in chunks.
fn body(reader: &mut impl BufRead, headers: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|t| t == "chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let size = u64::from_str_radix(line.trim(), 16).ok()?;
            reader.by_ref().take(size).read_to_end(&mut body).ok()?;
            reader.read_line(&mut line).ok()?;
            if size == 0 {
                return Some(body);
            }
        }
    }
    let length = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_end(&mut body).ok()?;
    Some(body)
}

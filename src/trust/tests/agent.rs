//! A real ssh-agent, and agents that lie.

use super::{ambient, askpass, keygen};
use crate::trust::{KeyDir, TrustError, load_key_file, verify};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An agent in the foreground, ended with the test.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(dir: &Path) -> Agent {
        let socket = dir.join("agent");
        let child = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        let agent = Agent { child, socket };
        let begun = Instant::now();
        while UnixStream::connect(&agent.socket).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "ssh-agent listens");
            std::thread::sleep(Duration::from_millis(5));
        }
        agent
    }

    fn add(&self, file: &Path, askpass: &str) {
        let done = Command::new("ssh-add")
            .arg("-q")
            .arg(file)
            .env("SSH_AUTH_SOCK", &self.socket)
            .env("SSH_ASKPASS", askpass)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_agent_signs() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Agent::start(dir.path());
    let (held, other) = (dir.path().join("held"), dir.path().join("other"));
    keygen(&held, "ed25519", "correct horse");
    keygen(&other, "ed25519", "");
    agent.add(&other, "/bin/false");
    agent.add(&held, &askpass(dir.path(), "correct horse"));
    fs::remove_file(dir.path().join("calls")).unwrap();
    let around = ambient(
        dir.path(),
        &[("SSH_AUTH_SOCK", agent.socket.to_str().unwrap()), ("SSH_ASKPASS", &askpass(dir.path(), "wrong"))],
    );
    // The encrypted file itself, its public line, and the name beside which only the public line lies.
    let moved = dir.path().join("moved");
    fs::copy(held.with_extension("pub"), moved.with_extension("pub")).unwrap();
    for path in [held.clone(), held.with_extension("pub"), moved] {
        let signer = load_key_file(&path, &around).unwrap();
        for message in [&b""[..], b"message", &[7; 100_000]] {
            assert!(verify(signer.public(), message, &signer.sign(message).unwrap()), "{}", path.display());
        }
        let refused = signer.sign(&[7; 300_000]).unwrap_err();
        assert!(matches!(refused, TrustError::AgentTooLong { .. }), "{refused}");
        assert!(verify(signer.public(), b"after", &signer.sign(b"after").unwrap()));
    }
    assert!(!dir.path().join("calls").exists(), "nobody was asked for a passphrase");
    let keys = KeyDir::of(&around).unwrap();
    let info = keys.import(&held.with_extension("pub")).unwrap();
    assert!(verify(&info.key, b"m", &keys.load(&info.key).unwrap().sign(b"m").unwrap()));
}

#[test]
fn a_key_that_the_agent_does_not_hold_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let agent = Agent::start(dir.path());
    let file = dir.path().join("id");
    keygen(&file, "ed25519", "");
    let around = ambient(dir.path(), &[("SSH_AUTH_SOCK", agent.socket.to_str().unwrap())]);
    let refused = load_key_file(&file.with_extension("pub"), &around).unwrap_err();
    assert!(matches!(refused, TrustError::AgentLacks { .. }), "{refused}");
    // A key that leaves the agent while we hold on to it.
    agent.add(&file, "/bin/false");
    let signer = load_key_file(&file.with_extension("pub"), &around).unwrap();
    let done = Command::new("ssh-add").arg("-qD").env("SSH_AUTH_SOCK", &agent.socket).output().unwrap();
    assert!(done.status.success());
    assert!(matches!(signer.sign(b"m"), Err(TrustError::AgentRefused { .. })));
    drop(agent);
    assert!(matches!(signer.sign(b"m"), Err(TrustError::AgentSpeak { .. })));
}

#[test]
fn without_an_agent_the_passphrase_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id");
    keygen(&file, "ed25519", "correct horse");
    let program = askpass(dir.path(), "correct horse");
    let gone = dir.path().join("gone");
    let vars = [
        ("SSH_AUTH_SOCK", gone.to_str().unwrap()),
        ("SSH_ASKPASS", program.as_str()),
        ("SSH_ASKPASS_REQUIRE", "force"),
    ];
    assert!(load_key_file(&file, &ambient(dir.path(), &vars)).is_ok());
    let refused = load_key_file(&file.with_extension("pub"), &ambient(dir.path(), &vars)).unwrap_err();
    assert!(matches!(refused, TrustError::AgentConnect { .. }), "{refused}");
}

/// Answers each request with the next of some byte strings, as they are.
fn liar(socket: &Path, answers: Vec<Vec<u8>>) -> std::thread::JoinHandle<()> {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for answer in answers {
            let mut size = [0; 4];
            stream.read_exact(&mut size).unwrap();
            stream.read_exact(&mut vec![0; u32::from_be_bytes(size) as usize]).unwrap();
            stream.write_all(&answer).unwrap();
        }
    })
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

#[test]
fn must_refuse_every_answer_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id");
    keygen(&file, "ed25519", "");
    let key = *load_key_file(&file, &ambient(dir.path(), &[])).unwrap().public();
    let blob = [string(b"ssh-ed25519"), string(&key.0)].concat();
    let holds = string(&[&[12, 0, 0, 0, 1][..], &string(&blob), &string(b"comment")].concat());
    let signature = |algorithm: &[u8], sig: &[u8], rest: &[u8]| {
        let inner = [string(algorithm), string(sig), rest.to_vec()].concat();
        string(&[&[14][..], &string(&inner)].concat())
    };
    let wrong = [
        vec![0, 0, 0, 0],
        vec![0xff; 4],
        string(&[6]),
        string(&[14]),
        signature(b"ssh-ed25519", &[1; 64], b""),
        signature(b"ssh-ed25519", &[1; 63], b""),
        signature(b"ssh-rsa", &[1; 64], b""),
        signature(b"ssh-ed25519", &[1; 64], b"more"),
        string(&[14, 0xff, 0xff, 0xff, 0xff]),
    ];
    for (n, answer) in wrong.into_iter().enumerate() {
        let socket = dir.path().join(format!("liar{n}"));
        let liar = liar(&socket, vec![holds.clone(), answer]);
        let around = ambient(dir.path(), &[("SSH_AUTH_SOCK", socket.to_str().unwrap())]);
        let signer = load_key_file(&file.with_extension("pub"), &around).unwrap();
        let refused = signer.sign(b"message").unwrap_err();
        assert!(matches!(refused, TrustError::AgentAnswer { .. }), "{n}: {refused}");
        liar.join().unwrap();
    }
    let socket = dir.path().join("short");
    let liar = liar(&socket, vec![string(&[12, 0, 0, 0, 9])]);
    let around = ambient(dir.path(), &[("SSH_AUTH_SOCK", socket.to_str().unwrap())]);
    let refused = load_key_file(&file.with_extension("pub"), &around).unwrap_err();
    assert!(matches!(refused, TrustError::AgentAnswer { .. }), "{refused}");
    liar.join().unwrap();
}

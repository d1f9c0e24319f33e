//! Asking for a passphrase: on the terminal, or by the program that `SSH_ASKPASS` names.

use super::TrustError;
use crate::ambient::Ambient;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// Asks once. As with ssh, `SSH_ASKPASS_REQUIRE` decides between the two ways: `force` and `prefer` take the program,
/// `never` the terminal; else the terminal where there is one.
pub(super) fn ask(file: &Path, ambient: &Ambient) -> Result<Zeroizing<String>, TrustError> {
    let prompt = format!("Passphrase for {}: ", file.display());
    let require = ambient.env().text("SSH_ASKPASS_REQUIRE");
    let program = ambient.env().get("SSH_ASKPASS").filter(|_| require.as_deref() != Some("never"));
    let insist = matches!(require.as_deref(), Some("force" | "prefer"));
    match program {
        Some(program) if insist || !has_terminal() => ask_program(program, &prompt),
        None if !has_terminal() => Err(TrustError::NobodyToAsk { path: file.into() }),
        _ => rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .map_err(|source| TrustError::AskTerminal { path: file.into(), source }),
    }
}

/// Whether this process has a controlling terminal.
#[cfg(unix)]
fn has_terminal() -> bool {
    std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").is_ok()
}

#[cfg(not(unix))]
fn has_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stdin())
}

fn ask_program(program: OsString, prompt: &str) -> Result<Zeroizing<String>, TrustError> {
    let output = Command::new(&program).arg(prompt).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|source| TrustError::RunAskpass { program: program.clone().into(), source })?;
    let answer = Zeroizing::new(output.stdout);
    match std::str::from_utf8(&answer) {
        Ok(text) if output.status.success() => Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())),
        _ => Err(TrustError::Askpass { program: program.into() }),
    }
}

//! The binary `git-gatos`, so that `git gatos` runs it.

fn main() -> std::process::ExitCode {
    gatos::cli::main()
}

//! Policies to begin with.

/// A policy that ships: its files by their path in the work tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    pub name: &'static str,
    pub files: &'static [(&'static str, &'static str)],
}

macro_rules! template {
    ($name:literal $(, $governance:literal)?) => {
        Template {
            name: $name,
            files: &[
                (concat!("gatos/policies/", $name, ".rgs"), include_str!(concat!("../../lua/policy/templates/", $name, ".rgs"))),
                (
                    concat!("gatos/policies/", $name, ".cases.yaml"),
                    include_str!(concat!("../../lua/policy/templates/", $name, ".cases.yaml")),
                ),
                $(("gatos/governance.yaml", include_str!(concat!("../../lua/policy/templates/", $governance))),)?
            ],
        }
    };
}

pub const TEMPLATES: [Template; 4] = [
    template!("minimal"),
    template!("regulated", "regulated.governance.yaml"),
    template!("research"),
    template!("airgapped", "airgapped.governance.yaml"),
];

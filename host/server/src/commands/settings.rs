use crate::{
    client::{Failure, Result},
    config::{Config, Flags, SAMPLE},
};
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Settings {
    /// Print the configuration in effect, without secrets.
    Show(Flags),
    /// Print every key with its default and its meaning.
    Sample,
}

impl Settings {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Show(flags) => print!("{}", Config::load(&flags).map_err(Failure::failed)?.shown()),
            Self::Sample => print!("{SAMPLE}"),
        }
        Ok(())
    }
}

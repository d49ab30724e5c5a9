//! When a cron expression comes true.

use crate::{Error, Result};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{Cron, parser::CronParser};
use mesh_types::Timestamp;

/// A cron expression in a time zone.
pub(super) struct Schedule {
    cron: Cron,
    zone: Tz,
}

impl Schedule {
    /// Reads five fields (minute, hour, day of the month, month, day of the week) and the name of an IANA time zone.
    pub(super) fn parse(cron: &str, zone: Option<&str>) -> Result<Self> {
        let fields = cron.split_whitespace().count();
        if cron.len() > 200 || fields != 5 {
            return Err(Error::invalid(
                "/cron",
                "has five fields: minute, hour, day of the month, month, day of the week",
            ));
        }
        let cron = CronParser::new().parse(cron);
        let cron = cron.map_err(|error| Error::invalid("/cron", error.to_string()))?;
        let zone = zone.unwrap_or("UTC");
        let zone = zone.parse();
        let zone =
            zone.map_err(|_| Error::invalid("/zone", "is the name of an IANA time zone, such as Europe/Berlin"))?;
        Ok(Self { cron, zone })
    }

    /// The first time after this one; none when there is none for years.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = DateTime::<Utc>::from_timestamp_millis(after.millis())?.with_timezone(&self.zone);
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(Timestamp(next.with_timezone(&Utc).timestamp_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use mesh_types::Timestamp;

    fn next(cron: &str, zone: &str, after: &str) -> String {
        let after: Timestamp = serde_json::from_value(after.into()).expect("a time");
        let schedule = Schedule::parse(cron, Some(zone)).expect("a schedule");
        let next = schedule.next(after).expect("a time");
        serde_json::to_value(next)
            .expect("JSON")
            .as_str()
            .expect("a text")
            .to_owned()
    }

    #[test]
    fn times_are_those_of_the_zone() {
        for (cron, zone, after, expected) in [
            (
                "*/5 * * * *",
                "UTC",
                "2026-03-01T10:01:30.000Z",
                "2026-03-01T10:05:00.000Z",
            ),
            (
                "0 9 * * 1-5",
                "Europe/Berlin",
                "2026-03-06T09:00:00.000Z",
                "2026-03-09T08:00:00.000Z",
            ),
            // In summer Berlin is an hour further away.
            (
                "0 9 * * *",
                "Europe/Berlin",
                "2026-07-01T08:00:00.000Z",
                "2026-07-02T07:00:00.000Z",
            ),
            // Half past two does not exist on the day the clocks go forward, and comes when the gap ends.
            (
                "30 2 29 3 *",
                "Europe/Berlin",
                "2026-03-28T12:00:00.000Z",
                "2026-03-29T01:00:00.000Z",
            ),
            (
                "0 0 29 2 *",
                "UTC",
                "2026-03-01T00:00:00.000Z",
                "2028-02-29T00:00:00.000Z",
            ),
        ] {
            assert_eq!(next(cron, zone, after), expected, "{cron} {zone}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for (cron, zone) in [
            ("", "UTC"),
            ("* * * *", "UTC"),
            ("* * * * * *", "UTC"),
            ("61 * * * *", "UTC"),
            ("@daily", "UTC"),
            ("* * * * *", "Mars/Base"),
        ] {
            assert!(Schedule::parse(cron, Some(zone)).is_err(), "{cron:?} {zone}");
        }
    }
}

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// A moment: milliseconds since the Unix epoch, UTC. Travels as RFC 3339 with exactly three
/// fractional digits and `Z`, for example `2026-02-20T09:30:00.000Z`; any RFC 3339 text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + seconds * 1000)
    }
}

/// Days since the epoch to (year, month, day) in the proleptic Gregorian calendar, after
/// Howard Hinnant's `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, in_day) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (in_day / 3_600_000, in_day / 60_000 % 60, in_day / 1000 % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
            in_day % 1000
        )
    }
}

impl FromStr for Timestamp {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "expected a time like 2026-02-20T09:30:00Z";
        const SHAPE: &str = "0000-00-00T00:00:00";
        let (moment, rest) = text.split_at_checked(SHAPE.len()).ok_or(WRONG)?;
        if !has_shape(moment, SHAPE) {
            return Err(WRONG);
        }
        let (fraction, zone) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len())),
            None => ("0", rest),
        };
        if fraction.is_empty() || !(zone == "Z" || has_shape(zone, "+00:00") || has_shape(zone, "-00:00")) {
            return Err(WRONG);
        }
        let number = |text: &str| text.parse::<i64>().map_err(|_| WRONG);
        let part = |from: usize, to: usize| number(&moment[from..to]);
        let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
        let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
        let milli = number(&format!("{fraction:0<3}")[..3])?;
        let ahead = match zone {
            "Z" => 0,
            zone => {
                let minutes = number(&zone[1..3])? * 60 + number(&zone[4..])?;
                if zone.starts_with('-') { -minutes } else { minutes }
            }
        };
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
            return Err(WRONG);
        }
        let minutes = (days * 24 + hour) * 60 + minute - ahead;
        Ok(Self(minutes * 60_000 + second * 1000 + milli))
    }
}

/// Whether a text has digits where the shape has zeros, and is the shape elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    let same = |(one, want): (u8, u8)| {
        if want == b'0' {
            one.is_ascii_digit()
        } else {
            one == want
        }
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(same)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_771_579_800_000, "2026-02-20T09:30:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp(millis).to_string(), text);
            assert_eq!(text.parse(), Ok(Timestamp(millis)));
        }
        for (text, same) in [
            ("2026-02-20T09:30:00Z", "2026-02-20T09:30:00.000Z"),
            ("2026-02-20T09:30:00.5Z", "2026-02-20T09:30:00.500Z"),
            ("2026-02-20T09:30:00.123456789Z", "2026-02-20T09:30:00.123Z"),
            ("2026-02-20T00:30:00+01:00", "2026-02-19T23:30:00.000Z"),
            ("2026-02-20T23:45:00.25-00:30", "2026-02-21T00:15:00.250Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), same);
        }
        for text in [
            "",
            "2026-02-20",
            "2026-02-20T09:30:00",
            "2026-02-20T09:30:00.Z",
            "2026-02-20T09:30:00.1",
            "2026-02-20T09:30:00+1:00",
            "2026-02-20T09:30:00ZZ",
            "2026-02-20T09:30:00é",
            "2026-02-30T00:00:00.000Z",
            "2026-02-20T24:00:00.000Z",
            "+026-02-20T09:30:00.000Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_millis_agree(millis in -62_000_000_000_000i64..250_000_000_000_000) {
            prop_assert_eq!(Timestamp(millis).to_string().parse(), Ok(Timestamp(millis)));
        }
    }
}

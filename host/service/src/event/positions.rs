//! A caller's position in every stream it follows, as one opaque text.

use crate::{Error, Result, error::Code};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use mesh_store::log::Stream;
use std::collections::BTreeMap;

/// Stream to the last `seq` seen. It is no secret and proves nothing: rights are checked when reading.
pub type Positions = BTreeMap<String, i64>;

/// The text form.
pub fn pack(positions: &Positions) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(positions).map_err(Error::internal)?))
}

/// Reads the text form; none when there is none.
pub fn unpack(cursor: Option<&str>) -> Result<Option<Positions>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let wrong = || {
        Error::new(
            Code::InvalidCursor,
            "This cursor is not one of `event.sync`. Call it without one.",
        )
    };
    let json = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    let positions: Positions = serde_json::from_slice(&json).map_err(|_| wrong())?;
    let sound = positions
        .iter()
        .all(|(stream, seq)| stream.parse::<Stream>().is_ok() && *seq >= 0);
    if sound { Ok(Some(positions)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_round_trip_and_nonsense_is_refused() {
        let positions = Positions::from([("room:room_01h455vb4pex5vsknk084sn02q".to_owned(), 7)]);
        assert_eq!(unpack(Some(&pack(&positions).unwrap())).unwrap(), Some(positions));
        let negative = pack(&Positions::from([(
            "room:room_01h455vb4pex5vsknk084sn02q".to_owned(),
            -1,
        )]))
        .unwrap();
        let odd = pack(&Positions::from([("x".to_owned(), 1)])).unwrap();
        for cursor in ["", "!", "e30x", &negative, &odd] {
            assert!(unpack(Some(cursor)).is_err(), "{cursor}");
        }
    }
}

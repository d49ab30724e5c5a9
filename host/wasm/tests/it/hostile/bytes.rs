//! Damage to a file, without regard to what it means.

use std::ops::Range;

use wasmparser::{Parser, Payload};

use super::chance::Chance;

/// The file with one to four things wrong.
pub(super) fn damaged(mut file: Vec<u8>, chance: &mut Chance) -> Vec<u8> {
    for _ in 0..=chance.below(4) {
        damage(&mut file, chance);
    }
    file
}

fn damage(file: &mut Vec<u8>, chance: &mut Chance) {
    if file.is_empty() {
        return;
    }
    match chance.below(9) {
        0 => file.truncate(chance.below(file.len())),
        1 | 2 => {
            for _ in 0..=chance.below(8) {
                let at = chance.below(file.len());
                file[at] ^= 1 << chance.below(8);
            }
        }
        3 => {
            let at = chance.below(file.len());
            file[at] = *chance.pick(&[0, 1, 0x7f, 0x80, 0xff]);
        }
        4 => {
            let gone = piece(file, chance);
            file.drain(gone);
        }
        5 => {
            let again = file[piece(file, chance)].to_vec();
            let at = chance.below(file.len());
            file.splice(at..at, again);
        }
        6 => {
            let noise = chance.below(64);
            let (at, noise) = (chance.below(file.len()), chance.bytes(noise));
            file.splice(at..at, noise);
        }
        7 => {
            // A number that says how long something is, longer than any file.
            let at = chance.below(file.len());
            let end = file.len().min(at + 5);
            file.splice(at..end, [0xff, 0xff, 0xff, 0xff, 0x0f]);
        }
        _ => swap_sections(file, chance),
    }
}

/// Some part of the file, at most 4 KiB.
fn piece(file: &[u8], chance: &mut Chance) -> Range<usize> {
    let begin = chance.below(file.len());
    begin..file.len().min(begin + chance.below(4 << 10))
}

/// Two sections of the outermost component in each other's place.
fn swap_sections(file: &mut Vec<u8>, chance: &mut Chance) {
    let sections = sections(file);
    if sections.len() < 2 {
        return;
    }
    let (one, other) = (chance.below(sections.len()), chance.below(sections.len()));
    let (first, second) = (one.min(other), one.max(other));
    let mut pieces: Vec<&[u8]> = sections.iter().map(|range| &file[range.clone()]).collect();
    pieces.swap(first, second);
    let mut shuffled = file[..8].to_vec();
    shuffled.extend(pieces.concat());
    *file = shuffled;
}

/// Where the sections of the outermost component are, with their heads, as far as the file can be read.
fn sections(file: &[u8]) -> Vec<Range<usize>> {
    let (mut ends, mut depth) = (vec![8], 0_u32);
    for payload in Parser::new(0).parse_all(file) {
        let Ok(payload) = payload else { break };
        match &payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        let own = match &payload {
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. }
                if depth == 1 =>
            {
                Some(unchecked_range.clone())
            }
            _ if depth == 1 => payload.as_section().map(|(_, range)| range),
            _ => None,
        };
        if let Some(range) = own.filter(|range| range.end <= file.len() && Some(&range.end) > ends.last()) {
            ends.push(range.end);
        }
    }
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

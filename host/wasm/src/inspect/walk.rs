//! One bounded pass over the file: validates every part and picks up the names and the manifest.

use std::time::Instant;

use wasmparser::types::Types;
use wasmparser::{
    BinaryReaderError, Encoding, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, Parser, Payload,
    ValidPayload, Validator, ValidatorResources,
};

use super::{InspectionBounds, Refused};
use crate::engine::FEATURES;

/// The custom section that holds the manifest.
const SECTION: &str = "mesh:bot";
/// Parts of a file, or instructions of a function, between two looks at the clock.
const CLOCK_EVERY: u32 = 1024;
/// Most targets of one branch table: checking one is not interruptible and takes time for each target.
const BRANCH_TARGETS: u32 = 1 << 16;

/// A valid component, not yet judged.
pub(super) struct Walked {
    pub(super) types: Types,
    /// Names of the outermost component's imports and exports, in order.
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
    pub(super) manifest: Option<String>,
}

pub(super) fn walk(bytes: &[u8], bounds: &InspectionBounds, deadline: Instant) -> Result<Walked, Refused> {
    check_kind(bytes)?;
    let mut clock = Clock { deadline, ticks: 0 };
    let mut validator = Validator::new_with_features(FEATURES);
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut inside: Vec<Encoding> = Vec::new();
    let mut modules = 0;
    let mut allocations = FuncValidatorAllocations::default();
    let mut walked = (Vec::new(), Vec::new());
    let mut manifest: Option<&[u8]> = None;
    let mut types = None;
    for payload in parser.parse_all(bytes) {
        clock.tick()?;
        let payload = payload.map_err(invalid)?;
        match &payload {
            Payload::Version { encoding, .. } => {
                inside.push(*encoding);
                if inside.len() > bounds.depth {
                    return Err(Refused::TooComplex(format!(
                        "it is nested deeper than {}",
                        bounds.depth
                    )));
                }
                if *encoding == Encoding::Module {
                    modules += 1;
                    if modules > bounds.modules {
                        return Err(Refused::TooComplex(format!(
                            "it has more than {} core modules",
                            bounds.modules
                        )));
                    }
                }
            }
            Payload::ComponentImportSection(section) if inside.len() == 1 => {
                for import in section.clone() {
                    clock.tick()?;
                    walked.0.push(import.map_err(invalid)?.name.name.to_owned());
                    if walked.0.len() > bounds.imports {
                        return Err(Refused::TooComplex(format!(
                            "it has more than {} imports",
                            bounds.imports
                        )));
                    }
                }
            }
            Payload::ComponentExportSection(section) if inside.len() == 1 => {
                for export in section.clone() {
                    clock.tick()?;
                    walked.1.push(export.map_err(invalid)?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if section.name() == SECTION && is_ours(&inside) => {
                manifest = Some(one_manifest(manifest, section.data(), bounds)?);
            }
            _ => {}
        }
        match validator.payload(&payload).map_err(invalid)? {
            ValidPayload::Func(function, body) => {
                allocations = check_function(function, &body, allocations, &mut clock)?;
            }
            ValidPayload::End(of) => {
                inside.pop();
                types = Some(of);
            }
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
    }
    let manifest = manifest.map(|text| String::from_utf8(text.to_vec()).map_err(|_| Refused::ManifestNotText));
    Ok(Walked {
        types: types.ok_or_else(|| Refused::Invalid("it ends too early".into()))?,
        imports: walked.0,
        exports: walked.1,
        manifest: manifest.transpose()?,
    })
}

/// Tells apart the files people upload by mistake before any parsing.
fn check_kind(bytes: &[u8]) -> Result<(), Refused> {
    if bytes.starts_with(b"\x7fELF") {
        return Err(Refused::Precompiled);
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(Refused::NotWasm);
    }
    match bytes.get(4..8) {
        Some([_, _, 1, 0]) => Ok(()),
        Some([1, 0, 0, 0]) => Err(Refused::CoreModule),
        Some(_) => Err(Refused::Invalid(
            "it has a version of WebAssembly that the server does not know".into(),
        )),
        None => Err(Refused::Invalid("it ends too early".into())),
    }
}

/// A manifest counts in the outermost component, or in a core module directly inside it. One in a
/// nested component belongs to whatever was composed in, not to this bot.
fn is_ours(inside: &[Encoding]) -> bool {
    matches!(inside, [Encoding::Component] | [Encoding::Component, Encoding::Module])
}

fn one_manifest<'a>(before: Option<&'a [u8]>, found: &'a [u8], bounds: &InspectionBounds) -> Result<&'a [u8], Refused> {
    if found.len() > bounds.manifest {
        return Err(Refused::ManifestTooLarge {
            size: found.len(),
            limit: bounds.manifest,
        });
    }
    match before {
        Some(before) if before != found => Err(Refused::ManifestTwice),
        _ => Ok(found),
    }
}

/// Validates one function, an instruction at a time so that the clock is kept.
fn check_function(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    allocations: FuncValidatorAllocations,
    clock: &mut Clock,
) -> Result<FuncValidatorAllocations, Refused> {
    let mut validator = function.into_validator(allocations);
    validator.read_locals(&mut body.get_binary_reader()).map_err(invalid)?;
    let mut operators = body.get_binary_reader_for_operators().map_err(invalid)?;
    operators.set_features(FEATURES);
    while !operators.eof() {
        clock.tick()?;
        let at = operators.original_position();
        let operator = operators.peek_operator(&validator.visitor(at)).map_err(invalid)?;
        if let Operator::BrTable { targets } = &operator {
            if targets.len() > BRANCH_TARGETS {
                return Err(Refused::TooComplex(format!(
                    "a branch table has more than {BRANCH_TARGETS} targets"
                )));
            }
            clock.look()?;
        }
        operators
            .visit_operator(&mut validator.visitor(at))
            .map_err(invalid)?
            .map_err(invalid)?;
    }
    operators
        .finish_expression(&validator.visitor(operators.original_position()))
        .map_err(invalid)?;
    Ok(validator.into_allocations())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn invalid(error: BinaryReaderError) -> Refused {
    Refused::Invalid(format!("{} (at byte {})", error.message(), error.offset()))
}

struct Clock {
    deadline: Instant,
    ticks: u32,
}

impl Clock {
    fn tick(&mut self) -> Result<(), Refused> {
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(CLOCK_EVERY) {
            self.look()
        } else {
            Ok(())
        }
    }

    fn look(&self) -> Result<(), Refused> {
        if Instant::now() > self.deadline {
            Err(Refused::TooSlow)
        } else {
            Ok(())
        }
    }
}

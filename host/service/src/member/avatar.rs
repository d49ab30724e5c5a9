use super::{MemberIn, role::told, update::still_allowed};
use crate::{Answer, Body, Content, Cx, Effect, Error, Host, Method, Nothing, Op, OpSpec, Result, error::Code, op};
use bytes::Bytes;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, imageops::FilterType};
use mesh_authz::{Caller, Grant, Permission};
use mesh_store::{log::Stream, members};
use mesh_types::{MemberId, limits, view::Member};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::Cursor;
use tokio::sync::Semaphore;

/// Sides of the pictures that are kept, in pixels.
const LARGE: u32 = 256;
const SMALL: u32 = 64;
/// Longest side of a picture that is looked at, in pixels.
const SIDE: u32 = 8192;
/// Memory for one of them while it is.
const MEMORY: u64 = 128 << 20;
/// Pictures that are looked at side by side.
static DESKS: Semaphore = Semaphore::const_new(2);

/// `avatar.get`
pub struct GetAvatar;

/// Whose picture.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetAvatarIn {
    /// The member.
    pub member_id: MemberId,
    /// 64 or 256 pixels; 256 when absent.
    #[serde(default)]
    pub size: Option<u32>,
    /// The member's `avatar`: with it, the answer may be kept for ever.
    #[serde(default)]
    pub hash: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Avatar {
    /// The digest of its bytes, which are a PNG.
    pub digest: String,
    /// The address named it.
    #[serde(skip)]
    pub lasts: bool,
}

impl Answer for Avatar {
    fn content(&self) -> Option<Content> {
        Some(Content {
            digest: self.digest.clone(),
            media_type: "image/png".into(),
            name: None,
            lasts: self.lasts,
        })
    }
}

impl Op for GetAvatar {
    const SPEC: OpSpec = op("avatar.get", Effect::Read)
        .needs(Permission::MemberRead)
        .about("Gives a member's picture, as a PNG.")
        .http(Method::Get, "/members/{member_id}/avatar", 200);
    type In = GetAvatarIn;
    type Out = Avatar;
    type On = MemberId;

    fn on(input: &GetAvatarIn) -> MemberId {
        input.member_id
    }

    async fn run(cx: &mut Cx<'_>, member: Grant<MemberId>, input: GetAvatarIn) -> Result<Avatar> {
        let found = members::avatar(cx.tx(), *member).await?;
        let (large, small) = found.ok_or_else(Error::not_found)?;
        let lasts = match input.hash {
            Some(hash) if hash != large => return Err(Error::not_found()),
            hash => hash.is_some(),
        };
        let digest = match input.size.unwrap_or(LARGE) {
            LARGE => large,
            SMALL => small,
            _ => return Err(Error::invalid("/size", format!("is {SMALL} or {LARGE}"))),
        };
        Ok(Avatar { digest, lasts })
    }
}

/// `avatar.put`
pub struct PutAvatar;

/// Whose picture. The body is the picture: PNG, JPEG, GIF or WebP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutAvatarIn {
    /// The member.
    pub member_id: MemberId,
    #[serde(skip)]
    #[schemars(skip)]
    picture: Bytes,
    /// The digests of what was made of it, large and small.
    #[serde(skip)]
    #[schemars(skip)]
    kept: Option<(String, String)>,
}

impl Op for PutAvatar {
    const SPEC: OpSpec = op("avatar.put", Effect::Write)
        .needs(Permission::MemberProfile)
        .about("Gives a member a picture: a PNG, JPEG, GIF or WebP of at most 5 MiB, cut to a square; nothing else of it is kept.")
        .http(Method::Put, "/members/{member_id}/avatar", 200)
        .body(Body::Bytes(limits::AVATAR))
        .cost(10)
        .cli();
    type In = PutAvatarIn;
    type Out = Member;
    type On = MemberId;

    fn on(input: &PutAvatarIn) -> MemberId {
        input.member_id
    }

    fn take_body(input: &mut PutAvatarIn, body: Bytes) {
        input.picture = body;
    }

    async fn prepare(host: &Host, _: &Caller, input: &mut PutAvatarIn) -> Result<()> {
        let picture = std::mem::take(&mut input.picture);
        let _desk = DESKS.acquire().await.map_err(Error::internal)?;
        let made = tokio::task::spawn_blocking(move || squares(&picture)).await;
        let (large, small) = made.map_err(Error::internal)??;
        let blobs = &host.settings.blobs;
        input.kept = Some((blobs.keep(large).await?, blobs.keep(small).await?));
        Ok(())
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<MemberId>, input: PutAvatarIn) -> Result<Member> {
        let kept = input
            .kept
            .ok_or_else(|| Error::internal("a picture was not prepared"))?;
        change(cx, &on, Some((&kept.0, &kept.1))).await
    }
}

/// `avatar.delete`
pub struct DeleteAvatar;

impl Op for DeleteAvatar {
    const SPEC: OpSpec = op("avatar.delete", Effect::Write)
        .needs(Permission::MemberProfile)
        .about("Takes a member's picture away. Its absence is fine.")
        .http(Method::Delete, "/members/{member_id}/avatar", 204)
        .cli();
    type In = MemberIn;
    type Out = Nothing;
    type On = MemberId;

    fn on(input: &MemberIn) -> MemberId {
        input.member_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<MemberId>, _: MemberIn) -> Result<Nothing> {
        change(cx, &on, None).await?;
        Ok(Nothing {})
    }
}

async fn change(cx: &mut Cx<'_>, on: &Grant<MemberId>, avatar: Option<(&str, &str)>) -> Result<Member> {
    let before = still_allowed(cx, on).await?;
    cx.check_match(before.revision)?;
    if before.avatar.as_deref() == avatar.map(|(large, _)| large) {
        return Ok(before);
    }
    members::set_avatar(cx.tx(), on, avatar).await?;
    let now = members::get(cx.tx(), **on).await?.ok_or_else(Error::not_found)?;
    let news = json!({ "member_id": now.id, "changed": ["avatar"] });
    cx.emit(Stream::Mesh(now.mesh_id), "member.changed", now.id, &news)
        .await?;
    for guest in told(cx, &before, &now).await? {
        cx.emit(Stream::Actor(guest), "member.changed", now.id, &news).await?;
    }
    Ok(now)
}

/// The middle of a picture, twice, as PNGs without anything that the sender put beside the pixels.
fn squares(picture: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let wrong = |why: &dyn std::fmt::Display| {
        Error::new(
            Code::UnsupportedMediaType,
            format!("This is no picture that can be used: {why}."),
        )
    };
    let mut reader = ImageReader::new(Cursor::new(picture))
        .with_guessed_format()
        .map_err(|error| wrong(&error))?;
    let mut bounds = Limits::default();
    (bounds.max_image_width, bounds.max_image_height, bounds.max_alloc) = (Some(SIDE), Some(SIDE), Some(MEMORY));
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().map_err(|error| wrong(&error))?;
    let orientation = decoder.orientation().map_err(|error| wrong(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| wrong(&error))?;
    picture.apply_orientation(orientation);
    let side = picture.width().min(picture.height());
    let (x, y) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let square = picture.crop_imm(x, y, side, side);
    let png = |side| -> Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        // Eight bits of red, green, blue and opacity, whatever the sender's format has.
        let small = DynamicImage::ImageRgba8(square.resize_exact(side, side, FilterType::Lanczos3).to_rgba8());
        small.write_to(&mut bytes, ImageFormat::Png).map_err(Error::internal)?;
        Ok(bytes.into_inner())
    };
    Ok((png(LARGE)?, png(SMALL)?))
}

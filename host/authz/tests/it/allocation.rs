//! `decide` runs before every message, so a yes costs no allocation.

use crate::scene::{Scene, id};
use mesh_authz::{Access, GrantEffect, Pattern, Permission, decide};
use mesh_types::{Role, RoomRole};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[allow(
    unsafe_code,
    reason = "counting allocations takes an allocator, and that trait is unsafe"
)]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(scene: &Scene, permission: Permission) -> usize {
    let before = COUNT.get();
    let answer = decide(&scene.caller, Access::Needs(permission), &scene.facts, ());
    let after = COUNT.get();
    drop(black_box(answer));
    after - before
}

#[test]
fn a_yes_allocates_nothing() {
    let post = Permission::MessagePost;
    let person = Scene::person(Role::Member).inside(RoomRole::Participant);
    let bot = Scene::bot(Role::Bot)
        .inside(RoomRole::Participant)
        .granted(post, Pattern::Room(id("room", 1)), GrantEffect::Allow)
        .manifest(post, Pattern::Any);
    for scene in [person.clone().token(&[post], |_| {}), person, bot] {
        assert!(scene.may(post));
        assert_eq!(allocations(&scene, post), 0, "{:?}", scene.caller);
    }
    // The counter counts: a refusal writes its sentence.
    assert_ne!(allocations(&Scene::person(Role::Guest), Permission::MeshManage), 0);
}

//! The network client against a real server: whatever happens to the connection, nothing is lost and
//! nothing comes twice.

use futures_util::future::{BoxFuture, join, join_all};
use mesh_client::{Call, Client, Error, Follow, Item, Op, Positions, Socket, TokenSource};
use mesh_tests::{Engine, Mesh, Options, Person, TestServer, on_both_engines};
use mesh_types::{Timestamp, view::Event};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::{Mutex as AsyncMutex, Notify, mpsc},
    time::timeout,
};

/// No story waits so long for anything.
const PATIENCE: Duration = Duration::from_secs(30);

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn client(address: SocketAddr, person: &Person) -> Client {
    Client::new(&format!("http://{address}"), person.token().expect("a token")).expect("a client")
}

/// A public room with its stream.
struct Place {
    room: String,
    stream: String,
}

impl Place {
    async fn new(mesh: &Mesh, name: &str) -> Self {
        let room = text(&mesh.room(name).await["id"]);
        let stream = format!("room:{room}");
        Self { room, stream }
    }

    fn post(&self, words: &str) -> Call {
        Call::post(format!("/rooms/{}/messages", self.room)).json(json!({ "text": words }))
    }
}

async fn next(follow: &mut Follow) -> Result<Item, Error> {
    timeout(PATIENCE, follow.next()).await.expect("something happens")
}

/// Waits for an item that `pick` wants.
async fn until<T>(follow: &mut Follow, mut pick: impl FnMut(Item) -> Option<T>) -> T {
    loop {
        let item = next(follow).await.expect("following goes on");
        if let Some(found) = pick(item) {
            return found;
        }
    }
}

async fn connected(follow: &mut Follow) {
    until(follow, |item| matches!(item, Item::Connected(_)).then_some(())).await;
}

async fn event(follow: &mut Follow, stream: &str) -> Event {
    until(follow, |item| match item {
        Item::Event(event) if event.stream == stream => Some(*event),
        Item::Gap { stream: gone, seq } if gone == stream => panic!("a gap up to {seq}"),
        _ => None,
    })
    .await
}

/// The texts of a room's next messages. Panics unless its events come one by one.
async fn texts(follow: &mut Follow, stream: &str, many: usize) -> Vec<String> {
    let (mut texts, mut last) = (Vec::new(), None);
    while texts.len() < many {
        let event = event(follow, stream).await;
        assert!(
            last.is_none_or(|last| event.seq == last + 1),
            "{} after {last:?}",
            event.seq
        );
        last = Some(event.seq);
        assert_eq!(follow.positions()[stream], event.seq);
        if event.kind == "message.created" {
            texts.push(text(&event.data["text"]));
        }
    }
    texts
}

fn numbered(many: usize) -> Vec<String> {
    (0..many).map(|n| n.to_string()).collect()
}

/// Stands between a client and a server, and cuts every connection when it is told to.
struct Proxy {
    address: SocketAddr,
    cut: Arc<Notify>,
}

impl Proxy {
    async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let cut = Arc::new(Notify::new());
        let told = cut.clone();
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let told = told.clone();
                tokio::spawn(async move {
                    let Ok(mut there) = TcpStream::connect(server).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        () = told.notified() => {}
                    }
                });
            }
        });
        Self { address, cut }
    }
}

on_both_engines! {
    /// Two people hear the same, in the same order.
    async fn two_clients_agree(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        mesh.join(&bob, "member").await;
        let place = Place::new(&mesh, "general").await;
        bob.post(&format!("/rooms/{}/join", place.room), json!({})).await.expect(200);
        let (ann, bob) = (client(server.address, &mesh.creator), client(server.address, &bob));
        let (mut at_ann, mut at_bob) = (Follow::new(&ann), Follow::new(&bob));
        connected(&mut at_ann).await;
        connected(&mut at_bob).await;
        let posting = (0..60).map(|n| {
            let (who, call) = (if n % 2 == 0 { &ann } else { &bob }, place.post(&n.to_string()));
            async move { who.send(&call).await.expect("posted") }
        });
        join_all(posting).await;
        let (heard_by_ann, heard_by_bob) = (
            texts(&mut at_ann, &place.stream, 60).await,
            texts(&mut at_bob, &place.stream, 60).await,
        );
        assert_eq!(heard_by_ann, heard_by_bob);
        let mut numbers: Vec<usize> = heard_by_ann.iter().map(|text| text.parse().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..60).collect::<Vec<_>>());
    }

    /// A connection that is cut again and again loses nothing and repeats nothing.
    async fn cut_off_and_back(server) {
        let mesh = server.mesh("home").await;
        let place = Place::new(&mesh, "general").await;
        let proxy = Proxy::before(server.address).await;
        let direct = client(server.address, &mesh.creator);
        let mut follow = Follow::new(&client(proxy.address, &mesh.creator));
        connected(&mut follow).await;
        let (mut heard, mut broken) = (Vec::new(), 0);
        for round in 0..5 {
            let (direct, cut) = (direct.clone(), proxy.cut.clone());
            let calls: Vec<Call> = (0..40).map(|n| place.post(&(round * 40 + n).to_string())).collect();
            let posting = tokio::spawn(async move {
                for (n, call) in calls.iter().enumerate() {
                    if n == 20 {
                        cut.notify_waiters();
                    }
                    direct.send(call).await.expect("posted");
                }
            });
            while heard.len() < (round + 1) * 40 {
                match next(&mut follow).await.unwrap() {
                    Item::Event(event) if event.kind == "message.created" => heard.push(text(&event.data["text"])),
                    Item::Disconnected { .. } => broken += 1,
                    Item::Gap { stream, .. } => panic!("a gap in {stream}"),
                    _ => {}
                }
            }
            posting.await.unwrap();
        }
        assert_eq!(heard, numbered(200));
        assert!(broken >= 5, "only cut {broken} times");
    }

    /// A program that was away goes on where it stopped, and nowhere else.
    async fn positions_outlive_a_program(server) {
        let mesh = server.mesh("home").await;
        let place = Place::new(&mesh, "general").await;
        let ann = client(server.address, &mesh.creator);
        let mut follow = Follow::new(&ann);
        connected(&mut follow).await;
        for n in numbered(10) {
            ann.send(&place.post(&n)).await.unwrap();
        }
        assert_eq!(texts(&mut follow, &place.stream, 4).await, ["0", "1", "2", "3"]);
        let kept = serde_json::to_string(follow.positions()).unwrap();
        drop(follow);
        let elsewhere = Place::new(&mesh, "new").await;
        let mut follow = Follow::new(&ann).after(serde_json::from_str(&kept).unwrap());
        // A room that was opened meanwhile says how much of it does not come.
        let (stream, seq) = until(&mut follow, |item| match item {
            Item::Gap { stream, seq } => Some((stream, seq)),
            _ => None,
        })
        .await;
        let head = ann.get::<Value>(&format!("/rooms/{}", elsewhere.room)).await.unwrap()["head_seq"].as_i64();
        assert_eq!((stream, Some(seq)), (elsewhere.stream, head));
        assert_eq!(texts(&mut follow, &place.stream, 6).await, ["4", "5", "6", "7", "8", "9"]);
        let mut all = Follow::new(&ann).from_start();
        assert_eq!(event(&mut all, &place.stream).await.seq, 1);
        assert_eq!(texts(&mut all, &place.stream, 10).await, numbered(10));
    }

    /// A position that the log does not have is a gap, and a room of others is closed.
    async fn expired_and_forbidden(server) {
        let mesh = server.mesh("home").await;
        let place = Place::new(&mesh, "general").await;
        let others = Place::new(&server.mesh("elsewhere").await, "secret").await;
        let ann = client(server.address, &mesh.creator);
        let mut positions = Positions::from([(place.stream.clone(), 9_999), (others.stream.clone(), 1)]);
        let own = format!("person:{}", mesh.creator.id);
        positions.extend([(own, 0), (format!("mesh:{}", mesh.id), 0)]);
        let mut follow = Follow::new(&ann).after(positions);
        let (mut gap, mut closed) = (None, None);
        while gap.is_none() || closed.is_none() {
            match next(&mut follow).await.unwrap() {
                Item::Gap { stream, seq } => gap = Some((stream, seq)),
                Item::Closed { stream } => closed = Some(stream),
                _ => {}
            }
        }
        let head = ann.get::<Value>(&format!("/rooms/{}", place.room)).await.unwrap()["head_seq"].as_i64().unwrap();
        assert_eq!(gap, Some((place.stream.clone(), head)));
        assert_eq!(closed.as_deref(), Some(&*others.stream));
        assert!(!follow.positions().contains_key(&others.stream));
        ann.send(&place.post("after")).await.unwrap();
        let event = event(&mut follow, &place.stream).await;
        assert_eq!((event.seq, &event.data["text"]), (head + 1, &json!("after")));
    }

    /// Who comes into a room hears it from there on; who only looks hears a public one too, until it is
    /// not theirs any more.
    async fn rooms_come_and_go(server) {
        let mesh = server.mesh("home").await;
        let bob = server.person("bob").await;
        mesh.join(&bob, "member").await;
        let place = Place::new(&mesh, "general").await;
        let (ann, bob_client) = (client(server.address, &mesh.creator), client(server.address, &bob));
        let mut looking = Follow::new(&bob_client).room(place.room.parse().unwrap());
        let mut inside = Follow::new(&bob_client);
        connected(&mut looking).await;
        connected(&mut inside).await;
        ann.send(&place.post("before")).await.unwrap();
        assert_eq!(texts(&mut looking, &place.stream, 1).await, ["before"]);
        bob.post(&format!("/rooms/{}/join", place.room), json!({})).await.expect(200);
        assert_eq!(event(&mut inside, &place.stream).await.kind, "room_member.joined");
        ann.send(&place.post("welcome")).await.unwrap();
        assert_eq!(texts(&mut inside, &place.stream, 1).await, ["welcome"]);
        bob.post(&format!("/rooms/{}/leave", place.room), json!({})).await.expect(204);
        let own = format!("person:{}", bob.id);
        while event(&mut inside, &own).await.kind != "room.closed" {}
        assert!(!inside.positions().contains_key(&place.stream));
        ann.send(&place.post("unheard")).await.unwrap();
        bob.post(&format!("/rooms/{}/join", place.room), json!({})).await.expect(200);
        assert_eq!(event(&mut inside, &place.stream).await.kind, "room_member.joined");
        let private = text(&mesh.private_room("private").await["id"]);
        let mut looking = Follow::new(&bob_client).room(private.parse().unwrap());
        let closed = until(&mut looking, |item| match item {
            Item::Closed { stream } => Some(stream),
            _ => None,
        })
        .await;
        assert_eq!(closed, format!("room:{private}"));
    }

    /// Somebody who takes nothing for a while gets everything later, and answers all the same.
    async fn slow_to_take(server) {
        let mesh = server.mesh("home").await;
        let place = Place::new(&mesh, "general").await;
        let ann = client(server.address, &mesh.creator);
        let mut follow = Follow::new(&ann);
        connected(&mut follow).await;
        let mut quick = Follow::new(&ann);
        connected(&mut quick).await;
        // All at once: more than 32 in flight would be refused.
        let socket = Socket::connect(&ann).await.unwrap();
        let posting = (0..1_500).map(|n| {
            let op = Op::new("message.post", json!({ "room_id": place.room, "text": n.to_string() }));
            let socket = &socket;
            async move { socket.call(&op).await.expect("posted").status }
        });
        // When somebody quick has everything, it was sent to whoever is slow too, or waits for it in the log.
        let (posted, heard) = join(join_all(posting), texts(&mut quick, &place.stream, 1_500)).await;
        assert!(posted.iter().all(|status| *status == 201));
        assert_eq!(texts(&mut follow, &place.stream, 1_500).await, heard);
        let mut heard: Vec<usize> = heard
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        heard.sort_unstable();
        assert_eq!(heard, (0..1_500).collect::<Vec<_>>());
    }

    /// Refusals over a socket are what they are over REST.
    async fn answers_over_a_socket(server) {
        let mesh = server.mesh("home").await;
        let place = Place::new(&mesh, "general").await;
        let ann = client(server.address, &mesh.creator);
        let socket = Socket::connect(&ann).await.unwrap();
        let post = Op::new("message.post", json!({ "room_id": place.room, "text": "once" })).key("k");
        let first = socket.call(&post).await.unwrap().body;
        assert_eq!(first["id"], socket.call(&post).await.unwrap().body["id"]);
        let nowhere = json!({ "room_id": "room_00000000000000000000000000", "text": "x" });
        let refused = socket.call(&Op::new("message.post", nowhere)).await.unwrap_err();
        assert_eq!(refused.code(), Some("not_found"));
        let wrong = socket.call(&Op::new("message.post", json!({ "room_id": place.room, "txt": 1 }))).await.unwrap_err();
        assert_eq!(wrong.problem().unwrap().status, 422, "{wrong}");
        let large = Op::new("message.post", json!({ "room_id": place.room, "text": "x".repeat(300_000) }));
        assert!(matches!(socket.call(&large).await, Err(Error::TooLarge { .. })));
    }

    /// A session that is ended ends those who follow, and a wrong token never begins.
    async fn ended_for_good(server) {
        let mesh = server.mesh("home").await;
        let mut follow = Follow::new(&client(server.address, &mesh.creator));
        connected(&mut follow).await;
        mesh.creator.post("/auth/logout", json!({})).await.expect(204);
        let ended = loop {
            if let Err(error) = next(&mut follow).await {
                break error;
            }
        };
        assert!(matches!(ended, Error::Closed { code: 4010, .. }), "{ended}");
        assert!(next(&mut follow).await.is_err());
        let wrong = Client::new(&format!("http://{}", server.address), "mst_wrong").unwrap();
        let mut follow = Follow::new(&wrong);
        let refused = loop {
            if let Err(error) = next(&mut follow).await {
                break error;
            }
        };
        assert!(matches!(refused, Error::Closed { code: 4001, .. }), "{refused}");
    }

    /// When the session's token is renewed, its connection takes the new one and stays.
    async fn renewed_token(server) {
        let mesh = server.mesh("home").await;
        let place = Place::new(&mesh, "general").await;
        let body = json!({ "email": mesh.creator.email, "password": mesh_tests::PASSWORD });
        let mut session = server.anonymous().post("/auth/login", body).await.expect(200);
        let (asked, mut asks) = mpsc::unbounded_channel();
        let current = Arc::new(AsyncMutex::new(text(&session["access_token"])));
        let tokens = Told { current: current.clone(), asked };
        let ann = Client::with_tokens(&format!("http://{}", server.address), tokens).unwrap();
        let mut follow = Follow::new(&ann);
        connected(&mut follow).await;
        asks.recv().await.unwrap();
        // The server tells of a renewal only the connection that showed the token before: that of the second
        // and the third one is heard only when the first one was taken.
        for n in numbered(3) {
            let mut current = current.lock().await;
            let body = json!({ "refresh_token": session["refresh_token"] });
            session = server.anonymous().post("/auth/refresh", body).await.expect(200);
            *current = text(&session["access_token"]);
            drop(current);
            timeout(PATIENCE, asks.recv()).await.expect("the server tells").unwrap();
            mesh.creator.post(&format!("/rooms/{}/messages", place.room), json!({ "text": n })).await.expect(201);
            let heard = until(&mut follow, |item| match item {
                Item::Event(event) if event.kind == "message.created" => Some(text(&event.data["text"])),
                Item::Disconnected { error, .. } => panic!("{error}"),
                _ => None,
            })
            .await;
            assert_eq!(heard, n);
        }
    }

    /// When the token's time is over, the next connection shows another one and nothing is lost.
    async fn ended_token(server) {
        let mesh = server.mesh("home").await;
        let place = Place::new(&mesh, "general").await;
        let now = server.host.clock.now();
        let body = json!({
            "name": "short",
            "permissions": ["message.read", "room.read", "mesh.read", "member.read"],
            "expires_at": Timestamp(now.0 + 1_500),
        });
        let short = text(&mesh.creator.post("/me/tokens", body).await.expect(201)["token"]);
        let tokens = Second { first: short, next: mesh.creator.token().unwrap().into(), asked: Mutex::new(0) };
        let ann = Client::with_tokens(&format!("http://{}", server.address), tokens).unwrap();
        let mut follow = Follow::new(&ann);
        connected(&mut follow).await;
let direct = client(server.address, &mesh.creator);
        direct.send(&place.post("before")).await.unwrap();
        assert_eq!(texts(&mut follow, &place.stream, 1).await, ["before"]);
        let ended = until(&mut follow, |item| match item {
            Item::Disconnected { error, .. } => Some(error),
            _ => None,
        })
        .await;
        assert!(matches!(ended, Error::Closed { code: 4002, .. }), "{ended}");
        direct.send(&place.post("between")).await.unwrap();
        connected(&mut follow).await;
        assert_eq!(texts(&mut follow, &place.stream, 1).await, ["between"]);
    }
}

/// Gives the token of now, and tells that somebody asks for it.
struct Told {
    current: Arc<AsyncMutex<String>>,
    asked: mpsc::UnboundedSender<()>,
}

impl TokenSource for Told {
    fn token<'a>(&'a self, _: Option<&'a str>) -> BoxFuture<'a, mesh_client::Result<Option<String>>> {
        Box::pin(async {
            let _ = self.asked.send(());
            Ok(Some(self.current.lock().await.clone()))
        })
    }
}

/// Has no other token when the server warns, and one when the first is over.
struct Second {
    first: String,
    next: String,
    asked: Mutex<u32>,
}

impl TokenSource for Second {
    fn token<'a>(&'a self, ended: Option<&'a str>) -> BoxFuture<'a, mesh_client::Result<Option<String>>> {
        let token = if ended.is_none() {
            Some(self.first.clone())
        } else {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            (*asked > 1).then(|| self.next.clone())
        };
        Box::pin(async { Ok(token) })
    }
}

/// Everybody comes back to a server that was restarted, while people go on posting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarted() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut server = TestServer::start_with(engine, Options::default()).await;
        let mesh = server.mesh("home").await;
        let place = Place::new(&mesh, "general").await;
        let ann = client(server.address, &mesh.creator);
        let mut followers: Vec<Follow> = (0..4).map(|_| Follow::new(&ann)).collect();
        for follow in &mut followers {
            connected(follow).await;
        }
        let calls: Vec<Call> = numbered(150).iter().map(|n| place.post(n).once()).collect();
        let (posted, mut posts) = mpsc::unbounded_channel();
        let posting = tokio::spawn(async move {
            for call in calls {
                // The key makes it one message however often it is sent.
                while let Err(error) = ann.send(&call).await {
                    assert!(
                        matches!(error, Error::Unreachable { .. } | Error::Foreign { .. })
                            || error.retry_after_ms().is_some(),
                        "{error}"
                    );
                }
                posted.send(()).expect("somebody counts");
            }
        });
        for _ in 0..2 {
            for _ in 0..40 {
                posts.recv().await.expect("posts go on");
            }
            server = server.restart().await;
        }
        for follow in &mut followers {
            assert_eq!(texts(follow, &place.stream, 150).await, numbered(150), "{engine:?}");
        }
        posting.await.unwrap();
    }
}

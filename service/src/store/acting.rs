//! Who acts while a request is answered or a command is run, for the entries of the audit trail. It travels with the task,
//! so that no operation can be called without it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use daypass::ErrorCode;

use crate::domain::audit::Target;
use crate::domain::audit::action::Action;
use crate::domain::audit::actor::Actor;

tokio::task_local! {
    static ACTING: Arc<Acting>;
}

/// Who acts, and from where.
pub(crate) struct Acting {
    actor: Mutex<Actor>,
    /// The organization that the request names.
    organization: Mutex<Option<String>>,
    /// What a refusal is about, if that is known.
    target: Mutex<Option<Target>>,
    /// The code of a refusal that the response's status does not tell.
    refusal: Mutex<Option<(Option<Action>, ErrorCode)>>,
    /// The address of the client.
    address: Option<IpAddr>,
    /// The id of the request.
    request_id: Option<Arc<str>>,
}

impl Acting {
    /// An actor that asks for something over no network.
    pub(crate) fn locally(actor: Actor) -> Arc<Acting> {
        Acting::new(actor, None, None)
    }

    /// A client that is not authenticated yet.
    pub(crate) fn client(address: Option<IpAddr>, request_id: Option<Arc<str>>) -> Arc<Acting> {
        Acting::new(Actor::Anonymous, address, request_id)
    }

    fn new(actor: Actor, address: Option<IpAddr>, request_id: Option<Arc<str>>) -> Arc<Acting> {
        let (organization, target, refusal) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Acting { actor: Mutex::new(actor), organization, target, refusal, address, request_id })
    }

    /// Returns who acts here: the service itself, unless somebody asked for it.
    pub(crate) fn current() -> Arc<Acting> {
        ACTING.try_with(Arc::clone).unwrap_or_else(|_| Acting::locally(Actor::Service))
    }

    /// Runs a future on behalf of this.
    pub(crate) async fn run<F: Future>(self: Arc<Acting>, future: F) -> F::Output {
        ACTING.scope(self, future).await
    }

    /// Returns the address of the client.
    pub(crate) fn address(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }

    /// Returns the id of the request.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.request_id.as_deref().map(str::to_owned)
    }

    /// Returns who it is.
    pub(crate) fn actor(&self) -> Actor {
        lock(&self.actor).clone()
    }

    /// Returns the organization that a refusal concerns.
    pub(crate) fn organization(&self) -> Option<String> {
        lock(&self.organization).clone().or_else(|| self.actor().organization().map(str::to_owned))
    }

    /// Returns what a refusal is about.
    pub(crate) fn target(&self) -> Option<Target> {
        lock(&self.target).clone()
    }

    /// Returns the code of a refusal that was noted, and what was refused if the request's route does not tell.
    pub(crate) fn refusal(&self) -> Option<(Option<Action>, ErrorCode)> {
        *lock(&self.refusal)
    }
}

/// Notes who the caller of the current request is, once that is authenticated.
pub(crate) fn authenticated(actor: Actor) {
    let _ = ACTING.try_with(|acting| *lock(&acting.actor) = actor);
}

/// Notes the organization of the caller's that the current request is about.
pub(crate) fn within(organization: &str) {
    let _ = ACTING.try_with(|acting| *lock(&acting.organization) = Some(organization.to_owned()));
}

/// Notes what the current request is about, for the case that it is refused.
pub(crate) fn about(kind: &str, id: &str) {
    let target = Target { kind: kind.to_owned(), id: id.to_owned() };
    let _ = ACTING.try_with(|acting| *lock(&acting.target) = Some(target));
}

/// Notes that the current request is refused, although the status of its response does not tell.
pub(crate) fn refused(code: ErrorCode) {
    let _ = ACTING.try_with(|acting| *lock(&acting.refusal) = Some((None, code)));
}

/// Like [`refused`], of a request whose route does not tell what is refused.
pub(crate) fn refused_to(action: Action, code: ErrorCode) {
    let _ = ACTING.try_with(|acting| *lock(&acting.refusal) = Some((Some(action), code)));
}

/// Spawns a task that acts on behalf of the current one.
pub(crate) fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(Acting::current().run(future))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

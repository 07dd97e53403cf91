// Locking the workstation: Alt+L, by itself when nobody is there, and nothing left on screen afterwards. The server locks
// the session whatever happens here; this file makes the screen follow at once.

// A page kept by the browser for its Back button is not shown again from memory: the server says whether it may be.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.documentElement.hidden = true;
  window.location.reload();
});

const lockForm = document.getElementById("lock");
if (lockForm) {
  const others = "BroadcastChannel" in window ? new BroadcastChannel("larrey-lock") : null;
  const after = Number(document.body.dataset.lockAfter) * 1000;
  const tell = 5 * 60 * 1000; // tell the server that someone is there, at most this often
  let active = Date.now();
  let told = Date.now();

  const blank = () => { document.documentElement.hidden = true; };
  const lock = () => {
    others?.postMessage("locked");
    blank();
    lockForm.submit();
  };
  lockForm.addEventListener("submit", () => others?.postMessage("locked"));
  others?.addEventListener("message", (event) => {
    if (event.data === "locked") {
      blank();
      window.setTimeout(() => window.location.reload(), 500); // once the server knows
    } else if (typeof event.data === "number") {
      active = Math.max(active, event.data);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && !event.metaKey && event.code === "KeyL") {
      event.preventDefault();
      lock();
    }
  });
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
    document.addEventListener(kind, () => {
      const now = Date.now();
      if (now - active > 10_000) others?.postMessage(now); // the other tabs of this workstation are not idle either
      active = now;
    }, { passive: true, capture: true });
  }
  window.setInterval(() => {
    const now = Date.now();
    if (now - active >= after) return lock();
    if (active > told && now - told >= Math.min(tell, after / 2)) {
      told = now;
      const body = new FormData(lockForm);
      fetch(document.body.dataset.present, { method: "POST", body }).then((answer) => {
        if (answer.status === 423 || answer.redirected) window.location.reload(); // locked or ended elsewhere
      }).catch(() => {}); // the network is away: the next page will say so
    }
  }, Math.min(15_000, after / 4));
}

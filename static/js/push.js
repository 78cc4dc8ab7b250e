// Asks the browser to take notices, when its owner presses the button, and hands over where to.
const form = document.getElementById("push");

if (form && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  form.hidden = false;
  document.getElementById("push-missing").hidden = true;
  form.addEventListener("submit", async (event) => {
    if (form.elements.endpoint.value) {
      return;
    }
    event.preventDefault();
    const refused = form.querySelector("[data-push-refused]");
    refused.hidden = true;
    try {
      await fill(await subscribe());
      form.requestSubmit();
    } catch {
      refused.hidden = false;
    }
  });
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Error("not allowed");
  }
  const worker = await navigator.serviceWorker.ready;
  return worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: form.dataset.pushKey,
  });
}

function fill(subscription) {
  const told = subscription.toJSON();
  form.elements.endpoint.value = told.endpoint;
  form.elements.public_key.value = told.keys.p256dh;
  form.elements.auth.value = told.keys.auth;
}

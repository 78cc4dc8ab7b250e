// Keeps the offline page at hand. A browser that cannot, or may not, shows its own.
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => {});
}

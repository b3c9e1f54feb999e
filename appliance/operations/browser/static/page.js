// Tells why a terminal has ended, which the terminal's own script does not, and gives it the keys when it begins.
"use strict";

function show(text, mark) {
  const notice = document.querySelector(".ended");
  if (document.body.classList.contains("-failed")) return;
  notice.querySelector("p").textContent = text;
  document.body.classList.add(mark);
  notice.querySelector("button").focus();
}

const PlainWebSocket = window.WebSocket;

window.WebSocket = class extends PlainWebSocket {
  constructor(address) {
    super(address);
    let reason = "";
    this.addEventListener("message", (event) => {
      if (typeof event.data !== "string") {
        if (document.activeElement === document.body) document.querySelector(".xterm-helper-textarea").focus();
        return;
      }
      const [kind, text] = JSON.parse(event.data);
      if (kind === "ended") reason = text;
    });
    this.addEventListener("close", (event) => {
      const texts = document.body.dataset;
      show(reason || (event.code === 1009 ? texts.large : texts.lost), "-closed");
    });
  }
};

window.addEventListener("error", () => show(document.body.dataset.failed, "-failed"));
window.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".ended button").addEventListener("click", () => window.location.reload());
});

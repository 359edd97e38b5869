// The video visit: check camera and microphone, join, talk, leave, come back. Written by hand, without a library; where
// the practice has a Twilio account its own copy of twilio-video carries sound and picture instead of OwnRoom.

const page = document.querySelector("#call");
const $ = (id) => document.getElementById(id);
const WAITS = [500, 1000, 2000, 4000, 8000]; // milliseconds before each try to come back
const STAYING = 4 * 60_000;
const WORDS = {
  NotAllowedError: "Your browser was not allowed to use them. Allow camera and microphone for this page (the camera sign beside the address), then check again.",
  NotFoundError: "No camera or microphone was found. Plug one in, or use your phone, then check again.",
  NotReadableError: "Another program is using it. Close other calls, then check again.",
  OverconstrainedError: "That device is gone. Choose another one.",
};
const state = { stream: null, room: null, meter: null, muted: false, dark: false };

const say = (words) => { $("said").textContent = words; };
const trouble = (words) => { $("trouble").textContent = words; $("trouble").hidden = !words; };

function show(name) {
  for (const part of ["check", "room", "left"]) $(part).hidden = part !== name;
  const heading = $(`${name}-heading`);
  heading.focus();
}

// ---- devices

const only = (id) => (id ? { deviceId: { exact: id } } : true);

async function open(audio, video) {
  return navigator.mediaDevices.getUserMedia({ audio, video });
}

/** Open camera and microphone; without a camera the microphone alone, so that somebody can still be heard. */
async function openDevices() {
  if (!navigator.mediaDevices) {
    throw new DOMException("This page must be opened by https.", "SecurityError");
  }
  const [microphone, camera] = [$("microphone").value, $("camera").value];
  try {
    return await open(only(microphone), only(camera));
  } catch (error) {
    if (error.name !== "NotFoundError" && error.name !== "NotReadableError") throw error;
    const heard = await open(only(microphone), false);
    trouble("Your camera cannot be used, so you will be heard and not seen. " + (WORDS[error.name] ?? ""));
    return heard;
  }
}

async function check() {
  trouble("");
  ready(true);
  stopStream();
  try {
    state.stream = await openDevices();
  } catch (error) {
    trouble("Camera and microphone cannot be used. " + (WORDS[error.name] ?? "Reload the page and try again."));
    ready(false);
    say("Camera and microphone are not ready.");
    return;
  }
  $("preview").srcObject = state.stream;
  await listDevices();
  measure();
  $("join").disabled = false;
  say("Camera and microphone are ready. You can join.");
}

/** Without a device there is nothing to choose and nothing to join with: only to try again. */
function ready(isReady) {
  $("again-line").hidden = isReady;
  $("devices").hidden = !isReady;
  $("join").disabled = true;
}

async function listDevices() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const [id, kind] of [["camera", "videoinput"], ["microphone", "audioinput"]]) {
    const used = state.stream.getTracks().find((track) => track.kind === kind.slice(0, 5))?.getSettings().deviceId;
    const options = devices.filter((device) => device.kind === kind)
      .map((device, place) => new Option(device.label || `${id} ${place + 1}`, device.deviceId, false, device.deviceId === used));
    $(id).replaceChildren(...options);
    $(id).disabled = options.length < 2;
  }
}

/** Show how loud the microphone is; people see that they are heard before they join. */
function measure() {
  const [track] = state.stream.getAudioTracks();
  if (!track) return;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getByteTimeDomainData(samples);
    $("level").value = Math.min(1, Math.max(...samples.map((each) => Math.abs(each - 128))) / 64);
  }, 100);
  state.meter = () => { clearInterval(timer); context.close(); };
}

/** Half a second of a soft tone, so that the speaker can be checked. */
async function beep() {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const volume = context.createGain();
  volume.gain.value = 0.15;
  tone.frequency.value = 440;
  tone.connect(volume).connect(context.destination);
  tone.onended = () => context.close();
  tone.start();
  tone.stop(context.currentTime + 0.5);
  say("A sound is playing. If you hear nothing, turn the volume up or choose another speaker on your device.");
}

function stopStream() {
  state.meter?.();
  state.meter = null;
  for (const track of state.stream?.getTracks() ?? []) track.stop();
  state.stream = null;
}

// ---- the room

/** Ask the server to be let in: a pass for this room, this person and this join, or a sentence why not yet. */
async function letIn() {
  const answer = await fetch(page.dataset.join, {
    method: "POST",
    headers: { "X-CSRF-Token": page.dataset.csrf, Accept: "application/json" },
  });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.detail ?? "The visit cannot be joined at the moment."), { isFinal: answer.status < 500 });
  return said;
}

const on = {
  peer(stream) {
    $("theirs").srcObject = stream;
    $("waiting").hidden = true;
    say(`${page.dataset.other} is here.`);
  },
  gone() {
    $("theirs").srcObject = null;
    $("waiting").hidden = false;
    say(`${page.dataset.other} is not connected. You can wait here.`);
  },
  waiting() { say(`You are in. Waiting for ${page.dataset.other}.`); },
  reconnecting() { say("The connection was lost. Connecting again."); },
  reconnected() { say("Connected again."); },
  recording(isOn) { $("recorded").textContent = isOn ? "This visit is being recorded." : "This visit is not being recorded."; },
  ended(words) { leave(words); },
};

async function join() {
  $("join").disabled = true;
  trouble("");
  say("Joining.");
  try {
    const pass = await letIn();
    show("room");
    $("mine").srcObject = state.stream;
    $("waiting").hidden = false;
    state.room = pass.kind === "twilio" ? new TwilioRoom(state.stream, pass) : new OwnRoom(state.stream, pass);
    await state.room.start();
    clearInterval(state.pulse);
    state.pulse = setInterval(stay, STAYING);
  } catch (error) {
    state.room?.leave();
    state.room = null;
    show("check");
    trouble(error.message);
    say(error.message);
  }
  $("join").disabled = false;
}

/** Tell the server that the person is still here, whose session would end for idleness within the visit. */
function stay() {
  fetch(page.dataset.here).catch(() => undefined);
}

function leave(words = "You have left the visit.") {
  clearInterval(state.pulse);
  state.room?.leave();
  state.room = null;
  $("theirs").srcObject = null;
  stopStream();
  show("left");
  say(words);
}

/** One room of ours: two people, straight from browser to browser; the server only carries their texts to each other. */
class OwnRoom {
  constructor(stream, pass) {
    Object.assign(this, { stream, pass, tries: 0, number: 0, isOver: false, isDark: false, isFresh: true });
  }

  async start() {
    const { ticket, url, seconds } = this.pass;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => on.ended("The time of this visit is over."), Math.min(seconds * 1000, 2 ** 31 - 1));
    await new Promise((resolve, reject) => {
      const socket = new WebSocket(new URL(url, location.href.replace(/^http/, "ws")));
      this.socket = socket;
      socket.onopen = () => socket.send(ticket);
      socket.onmessage = ({ data }) => {
        if (data === "!in") {
          this.tries = 0;
          (this.isFresh ? on.waiting : on.reconnected)();
          this.isFresh = false;
          resolve();
        } else this.heard(data).catch((error) => console.warn(error.name));
      };
      socket.onclose = ({ code }) => { reject(new Error("The visit could not be joined. Try again.")); this.closed(socket, code); };
    });
  }

  closed(socket, code) {
    if (this.isOver || socket !== this.socket || this.isFresh) return;
    if (code === 4001) return on.ended("You joined from another window or device, so this one has left.");
    if (code === 4002) return on.ended("The time of this visit is over.");
    on.reconnecting();
    this.again();
  }

  again() {
    const wait = WAITS[Math.min(this.tries, WAITS.length - 1)];
    this.tries += 1;
    setTimeout(async () => {
      if (this.isOver) return;
      try {
        this.pass = await letIn();
        await this.start();
      } catch (error) {
        if (error.isFinal) on.ended(error.message);
        else if (!this.isOver) this.again();
      }
    }, wait);
  }

  async heard(data) {
    const [, word, number] = /^!(peer|gone)(?: (\d+))?$/.exec(data) ?? [];
    if (word === "peer") return this.meet(Number(number));
    if (word === "gone") { this.part(); return on.gone(); }
    const said = JSON.parse(data);
    if (said.number !== this.number || !this.link) return undefined; // of a meeting before this one
    if (said.description) return this.described(said.description);
    if (said.again) return this.pass.calls ? this.offer(true) : undefined;
    return said.candidate ? this.link.addIceCandidate(said.candidate) : undefined;
  }

  /** The other one is there: the provider calls, the patient answers, so that both never call at once. */
  async meet(number) {
    this.part();
    this.number = number;
    const link = new RTCPeerConnection({ iceServers: this.pass.ice_servers });
    this.link = link;
    link.onicecandidate = ({ candidate }) => candidate && this.tell({ candidate });
    const theirs = new MediaStream();
    link.ontrack = ({ track }) => { theirs.addTrack(track); on.peer(theirs); };
    link.onconnectionstatechange = () => {
      if (link !== this.link) return;
      if (link.connectionState === "disconnected") on.reconnecting();
      if (link.connectionState === "connected") on.peer(theirs);
      if (link.connectionState === "failed") this.pass.calls ? this.offer(true) : this.tell({ again: true });
    };
    if (!this.pass.calls) return;
    for (const kind of ["audio", "video"]) {
      link.addTransceiver(this.track(kind) ?? kind, { direction: "sendrecv", streams: [this.stream] });
    }
    await this.offer(false);
  }

  async offer(iceRestart) {
    await this.link.setLocalDescription(await this.link.createOffer({ iceRestart }));
    this.tell({ description: this.link.localDescription });
  }

  async described(description) {
    await this.link.setRemoteDescription(description);
    if (description.type !== "offer") return;
    for (const each of this.link.getTransceivers()) {
      each.direction = "sendrecv";
      await each.sender.replaceTrack(this.track(each.receiver.track.kind) ?? null);
    }
    await this.link.setLocalDescription();
    this.tell({ description: this.link.localDescription });
  }

  track(kind) { return this.stream.getTracks().find((each) => each.kind === kind); }

  tell(said) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ number: this.number, ...said }));
  }

  part() {
    this.link?.close();
    this.link = null;
  }

  leave() {
    this.isOver = true;
    clearTimeout(this.timer);
    this.part();
    this.socket?.close();
  }
}

/** A room at Twilio; it comes back by itself when the connection breaks. */
class TwilioRoom {
  constructor(stream, pass) { Object.assign(this, { stream, pass, theirs: new MediaStream() }); }

  async start() {
    const { Video } = await library(page.dataset.library);
    let room;
    try {
      room = await Video.connect(this.pass.token, { name: this.pass.room, tracks: this.stream.getTracks() });
    } catch (error) {
      throw new Error(`The video service could not be reached${error.code ? ` (${error.code})` : ""}. Check your connection and try again.`);
    }
    this.room = room;
    on.waiting();
    on.recording(room.isRecording);
    room.on("recordingStarted", () => on.recording(true));
    room.on("recordingStopped", () => on.recording(false));
    room.on("reconnecting", on.reconnecting);
    room.on("reconnected", on.reconnected);
    room.on("trackSubscribed", (track) => { if (track.mediaStreamTrack) { this.theirs.addTrack(track.mediaStreamTrack); on.peer(this.theirs); } });
    room.on("trackUnsubscribed", (track) => { if (track.mediaStreamTrack) this.theirs.removeTrack(track.mediaStreamTrack); });
    room.on("participantDisconnected", () => { if (!room.participants.size) on.gone(); });
    room.on("disconnected", (_, error) => {
      if (error) on.ended(error.code === 53205 ? "You joined from another window or device, so this one has left." : "The visit has ended.");
    });
  }

  leave() { this.room?.disconnect(); }
}

/**
 * Load our own copy of twilio-video, once. While it runs it finds no URL: with one it would make a function from a text
 * (for a plug-in against noise that we have not), which our content policy forbids, and would not load at all.
 */
function library(src) {
  if (window.Twilio?.Video) return Promise.resolve(window.Twilio);
  return new Promise((resolve, reject) => {
    const kept = window.URL;
    const script = Object.assign(document.createElement("script"), { src });
    const after = (then) => () => { window.URL = kept; then(); };
    script.onload = after(() => (window.Twilio?.Video ? resolve(window.Twilio) : script.onerror()));
    script.onerror = after(() => reject(new Error("The video service could not be loaded. Reload the page.")));
    window.URL = undefined;
    document.head.append(script);
  });
}

// ---- buttons

function toggle(button, kind, words) {
  button.addEventListener("click", () => {
    const isOff = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOff));
    for (const track of state.stream?.getTracks() ?? []) if (track.kind === kind) track.enabled = !isOff;
    say(words[Number(isOff)]);
  });
}

async function rejoin() {
  show("check");
  for (const id of ["mute", "dark"]) $(id).setAttribute("aria-pressed", "false");
  await check();
}

toggle($("mute"), "audio", ["Your microphone is on.", "Your microphone is off. Nobody hears you."]);
toggle($("dark"), "video", ["Your camera is on.", "Your camera is off. Nobody sees you."]);
$("join").addEventListener("click", join);
$("leave").addEventListener("click", () => leave());
$("rejoin").addEventListener("click", rejoin);
$("again").addEventListener("click", check);
$("beep").addEventListener("click", beep);
$("camera").addEventListener("change", check);
$("microphone").addEventListener("change", check);
window.addEventListener("pagehide", () => state.room?.leave());
$("check").hidden = false;
check();

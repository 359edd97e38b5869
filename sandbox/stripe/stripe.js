// A stand-in of Stripe.js for the sandbox: the card form and its confirmations, with test cards only.
// Stripe's own keeps the card in a frame of Stripe's; here the fields stand in the page itself, and say so.
(() => {
  "use strict";
  const api = new URL(document.currentScript.src).origin;
  const FIELDS = [
    ["cardNumber", "Card number", "cc-number", "4242 4242 4242 4242", 19],
    ["cardExpiry", "Expiry date", "cc-exp", "MM / YY", 7],
    ["cardCvc", "Security code", "cc-csc", "CVC", 4],
  ];

  function form(values, prefix = "") {
    return Object.entries(values).flatMap(([name, value]) => {
      const key = prefix ? `${prefix}[${name}]` : name;
      if (value === undefined || value === null || value === "") return [];
      return typeof value === "object" ? form(value, key) : [[key, String(value)]];
    });
  }

  async function call(key, method, path, values = {}) {
    const body = new URLSearchParams(form(values)).toString();
    const url = `${api}${path}${method === "GET" && body ? `?${body}` : ""}`;
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/x-www-form-urlencoded" };
    try {
      const answer = await fetch(url, { method, headers, body: method === "GET" ? undefined : body });
      return await answer.json();
    } catch {
      return { error: { type: "api_connection_error", message: "The sandbox does not answer." } };
    }
  }

  class Element {
    constructor(type) {
      this.type = type;
      this.listeners = {};
      this.inputs = {};
    }

    mount(place) {
      const at = typeof place === "string" ? document.querySelector(place) : place;
      if (!at) throw new Error(`The selector you specified (${place}) applies to no DOM elements.`);
      this.root = document.createElement("div");
      this.root.className = "StripeElement";
      for (const [name, label, autocomplete, hint, length] of FIELDS) {
        if (["card", "payment", name].includes(this.type)) this.#field(name, label, autocomplete, hint, length);
      }
      const note = document.createElement("small");
      note.textContent = "Sandbox: test cards only.";
      this.root.append(note);
      at.replaceChildren(this.root);
      queueMicrotask(() => this.#tell("ready", { elementType: this.type }));
    }

    #field(name, label, autocomplete, hint, length) {
      const input = document.createElement("input");
      Object.assign(input, { name, autocomplete, placeholder: hint, maxLength: length, inputMode: "numeric" });
      input.setAttribute("aria-label", label);
      input.addEventListener("input", () => this.#tell("change", this.state()));
      this.inputs[name] = input;
      this.root.append(input);
    }

    state() {
      const values = Object.values(this.inputs).map((input) => input.value.trim());
      const complete = values.every(Boolean);
      return { elementType: this.type, complete, empty: !values.some(Boolean), error: undefined };
    }

    card() {
      const digits = (name) => (this.inputs[name]?.value ?? "").replace(/\D/g, "");
      const expiry = digits("cardExpiry");
      return {
        number: digits("cardNumber"), exp_month: expiry.slice(0, 2), exp_year: expiry.slice(2), cvc: digits("cardCvc"),
      };
    }

    on(name, listener) {
      (this.listeners[name] ??= []).push(listener);
      return this;
    }

    off(name) { delete this.listeners[name]; return this; }
    update() {}
    focus() { this.inputs.cardNumber?.focus(); }
    clear() { for (const input of Object.values(this.inputs)) input.value = ""; }
    unmount() { this.root?.remove(); }
    destroy() { this.unmount(); }
    #tell(name, event) { for (const listener of this.listeners[name] ?? []) listener(event); }
  }

  class Elements {
    constructor(options) {
      this.options = options ?? {};
      this.made = [];
    }

    create(type) {
      if (!["card", "payment", ...FIELDS.map(([name]) => name)].includes(type)) {
        throw new Error(`The sandbox has no ${type} element.`);
      }
      const element = new Element(type);
      this.made.push(element);
      return element;
    }

    getElement(type) { return this.made.find((element) => element.type === type) ?? null; }
    async submit() { return this.card().number ? {} : { error: incomplete() }; }
    card() { return Object.assign({}, ...this.made.map((element) => filled(element.card()))); }
  }

  function filled(card) { return Object.fromEntries(Object.entries(card).filter(([, value]) => value !== "")); }

  function incomplete() {
    return { type: "validation_error", code: "incomplete_number", message: "Your card number is incomplete." };
  }

  // What the cardholder's bank would show: a question, answered with one of two buttons.
  function authentication() {
    return new Promise((answered) => {
      const dialog = document.createElement("dialog");
      const asked = document.createElement("p");
      asked.textContent = "Sandbox: the bank asks whether this is you.";
      dialog.append(asked);
      for (const [text, passed] of [["Complete", true], ["Fail", false]]) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = text;
        button.addEventListener("click", () => { dialog.remove(); answered(passed); });
        dialog.append(button);
      }
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  window.Stripe = function Stripe(key) {
    if (!String(key).startsWith("pk_test_")) throw new Error("The sandbox takes publishable test keys only.");
    const KINDS = { seti: ["setup_intents", "setupIntent"], pi: ["payment_intents", "paymentIntent"] };
    const kindOf = (secret) => KINDS[secret.split("_")[0]];
    const idOf = (secret) => secret.split("_secret_")[0];

    async function methodOf(given) {
      if (typeof given === "string") return { id: given };
      const card = given?.card?.card?.() ?? given?.elements?.card() ?? {};
      if (!card.number) return { error: incomplete() };
      const asked = { type: "card", card, billing_details: given.billing_details };
      return call(key, "POST", "/v1/payment_methods", asked);
    }

    function outcome(secret, found) {
      const [, name] = kindOf(secret);
      if (found.error) return { error: found.error };
      const failed = found.last_setup_error ?? found.last_payment_error;
      return failed && found.status === "requires_payment_method" ? { error: failed } : { [name]: found };
    }

    async function next(secret, found) {
      if (found.status !== "requires_action") return outcome(secret, found);
      const passed = await authentication();
      const answer = { intent: found.id, client_secret: secret, passed };
      await call(key, "POST", "/js/v3/authenticate", answer);
      return retrieve(secret);
    }

    async function retrieve(secret) {
      const [path] = kindOf(secret);
      const found = await call(key, "GET", `/v1/${path}/${idOf(secret)}`, { client_secret: secret });
      return outcome(secret, found);
    }

    async function confirm(secret, given, more = {}) {
      const method = given ? await methodOf(given) : {};
      if (method.error) return { error: method.error };
      const [path] = kindOf(secret);
      const asked = { client_secret: secret, payment_method: method.id, ...more };
      return next(secret, await call(key, "POST", `/v1/${path}/${idOf(secret)}/confirm`, asked));
    }

    async function confirmAny({ elements, clientSecret, confirmParams, redirect }) {
      const secret = clientSecret ?? elements.options.clientSecret;
      const done = await confirm(secret, { elements }, { return_url: confirmParams?.return_url });
      if (!done.error && redirect !== "if_required" && confirmParams?.return_url) {
        const [, name] = kindOf(secret);
        const query = { [`${name === "setupIntent" ? "setup" : "payment"}_intent`]: idOf(secret), redirect_status: "succeeded" };
        location.assign(`${confirmParams.return_url}?${new URLSearchParams(query)}`);
      }
      return done;
    }

    const byCard = (secret, data) => confirm(secret, data?.payment_method);
    return {
      elements: (options) => new Elements(options),
      confirmCardSetup: byCard,
      confirmCardPayment: byCard,
      confirmSetup: confirmAny,
      confirmPayment: confirmAny,
      retrieveSetupIntent: retrieve,
      retrievePaymentIntent: retrieve,
      handleNextAction: async ({ clientSecret }) => {
        const found = await retrieve(clientSecret);
        return found.error ? found : next(clientSecret, Object.values(found)[0]);
      },
      createPaymentMethod: async ({ card, elements, billing_details }) => {
        const made = await methodOf({ card, elements, billing_details });
        return made.error ? { error: made.error } : { paymentMethod: made };
      },
    };
  };
})();

// Gives a card to Stripe: what is typed goes from Stripe's fields to Stripe. To us goes the name of what was saved.
const form = document.getElementById("card-form");
const problem = document.getElementById("card-problem");
const progress = document.getElementById("card-progress");
const button = form.querySelector("button");
const AGAIN = "Something went wrong. Your card was not saved; please try again.";
let secret = "";

function say(sentence) {
  problem.textContent = sentence;
  problem.hidden = !sentence;
}

function busy(sentence) {
  progress.textContent = sentence;
  button.disabled = Boolean(sentence);
}

async function clientSecret() {
  const { csrf, ask } = form.elements;
  const body = new URLSearchParams({ csrf: csrf.value, ask: ask.value });
  const answer = await fetch("/card/setup", { method: "POST", body, headers: { Accept: "application/json" } });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail ?? AGAIN);
  return said.client_secret;
}

async function save(stripe, card) {
  say("");
  busy("Saving your card…");
  try {
    secret ||= await clientSecret();
    const done = await stripe.confirmCardSetup(secret, { payment_method: { card } });
    if (done.error) {
      say(done.error.message || AGAIN);
      busy("");
      card.focus();
      return;
    }
    form.elements.setup_intent.value = done.setupIntent.id;
    form.submit();
  } catch (error) {
    say(error instanceof TypeError ? "We cannot be reached. Your card was not saved; please try again." : error.message);
    busy("");
  }
}

if (window.Stripe) {
  const stripe = window.Stripe(form.dataset.key);
  const style = getComputedStyle(document.body);
  const base = { fontSize: style.fontSize, color: style.color, fontFamily: style.fontFamily };
  const card = stripe.elements().create("card", { style: { base } });
  card.mount("#card-fields");
  card.on("change", (event) => say(event.error?.message ?? ""));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(stripe, card);
  });
  busy("");
} else {
  say("The card form could not be loaded. Please reload the page, or call us.");
}

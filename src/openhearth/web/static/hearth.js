/* OpenHearth: what pages gain when scripts run. Every page works without it. */
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const root = document.documentElement;
  const say = text => { const s = $('#say'); if (s) s.textContent = text; };
  root.classList.add('js-on');

  // The server writes moments on the reader's clock; it learns the zone here.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split('; ').includes(`tz=${zone}`)) {
    document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`;
  }

  // Theme: at once here, kept by the server in a cookie, so that the next page does not flash.
  document.addEventListener('submit', e => {
    const button = e.submitter;
    if (!e.target.matches('[data-themes]') || !button) return;
    e.preventDefault();
    root.dataset.theme = button.value;
    $$('button', e.target).forEach(b => b.setAttribute('aria-pressed', b === button));
    const body = new FormData(e.target);
    body.set(button.name, button.value);
    fetch(e.target.action, { method: 'POST', body, redirect: 'manual' });
  });

  const copy = async button => {
    const text = button.dataset.copy;
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else { // plain HTTP on another machine than this
      const t = document.body.appendChild(document.createElement('textarea'));
      t.value = text;
      t.select();
      document.execCommand('copy');
      t.remove();
      button.focus();
    }
    say(document.body.dataset.copied);
    const use = $('use', button), was = use.getAttribute('href');
    use.setAttribute('href', was.replace(/#.*/, '#check-16'));
    setTimeout(() => { use.setAttribute('href', was); say(''); }, 1500);
  };

  document.addEventListener('click', e => {
    const copied = e.target.closest('[data-copy]');
    if (copied) copy(copied);
    // One menu at a time; a click elsewhere closes it.
    $$('details.menu[open]').forEach(d => { if (!d.contains(e.target)) d.open = false; });
    // Lines: click, then shift-click for a range. The address holds the choice.
    const line = e.target.closest('[data-lines] .l > a');
    const from = +(location.hash.match(/^#L(\d+)/) || [])[1];
    if (line && e.shiftKey && from) {
      e.preventDefault();
      const to = +line.dataset.n;
      history.replaceState(null, '', `#L${Math.min(from, to)}-L${Math.max(from, to)}`);
      choose();
    }
  });

  const choose = () => {
    const m = location.hash.match(/^#L(\d+)(?:-L(\d+))?$/);
    if (!m || !$('[data-lines]')) return;
    const a = +m[1], b = +(m[2] || m[1]);
    $$('[data-lines] .l').forEach((l, i) => l.classList.toggle('hl', i + 1 >= a && i + 1 <= b));
    $(`#L${a}`)?.scrollIntoView({ block: 'center' });
  };
  addEventListener('hashchange', choose);
  choose();

  // Text that follows a field while someone types: <span data-shows="name">.
  document.addEventListener('input', e => $$(`[data-shows="${CSS.escape(e.target.name || '')}"]`).forEach(s => { s.textContent = e.target.value.trim() || '…'; }));

  // A strip of navigation begins where its reader is.
  $('.strip_ [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

  // A refused form: the list of what to change takes the focus.
  $('[data-focus]')?.focus();

  // Keys: never while someone types, never with a modifier.
  document.addEventListener('keydown', e => {
    if (e.key === 'Escape') return $$('details.menu[open]').forEach(d => { d.open = false; $('summary', d).focus(); });
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input,textarea,select,[contenteditable]')) return;
    const to = $(`[data-key="${CSS.escape(e.key)}"]`);
    if (to) { e.preventDefault(); to.matches('input') ? to.focus() : to.click(); }
  });
})();

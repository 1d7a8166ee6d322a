// Tells which element a person clicks, or types into; never what is typed.  A click is held back
// until the program has seen what was clicked, and then does it itself.
call => {
  const key = Symbol.for(call);
  if (window[key]) return;
  // Around what is pointed at stands a frame, outside the body and above all else of the page.
  const frame = document.createElement('harvester-pointed');
  const hide = () => frame.remove();
  const state = window[key] = {mode: 'walk', elements: [], set(mode) { if (mode !== 'point') hide(); state.mode = mode; }};
  const CONTROL = 'a,button,input,select,textarea,summary,label,[onclick],'
    + ['button', 'link', 'tab', 'menuitem', 'option', 'switch'].map(r => `[role=${r}]`).join();
  const BUTTONS = ['submit', 'button', 'image', 'reset'];
  const field = e => e.matches('select,textarea') || (e.matches('input') && !BUTTONS.includes(e.type));
  const first = event => event.composedPath()[0];
  const meant = event => {
    const e = first(event);
    const near = e instanceof Element ? e.closest(CONTROL) : null;
    return near && near.matches('label') ? near.control : near;
  };
  const show = e => {
    const r = e.getBoundingClientRect();
    Object.assign(frame.style, {position: 'fixed', inset: 'auto', left: `${r.left}px`, top: `${r.top}px`,
      width: `${r.width}px`, height: `${r.height}px`, boxSizing: 'border-box', margin: 0, padding: 0,
      border: '3px solid #d0006f', background: '#d0006f22', pointerEvents: 'none'});
    frame.popover = 'manual';
    document.documentElement.append(frame);
    frame.showPopover();
  };
  const pointed = event => { if (state.mode === 'point' && first(event) instanceof Element) show(meant(event) || first(event)); };
  window.addEventListener('pointermove', pointed, true);
  window.addEventListener('scroll', hide, true);
  const tell = (kind, e) => { state.elements.push(e); window[call](kind, state.elements.length - 1); };
  const hold = event => {
    if (!event.isTrusted || state.mode === 'off') return;
    const control = meant(event);
    const pointing = state.mode === 'point';
    if (!pointing && (!control || field(control))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.type === 'click') tell('click', control || first(event));
  };
  for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'dblclick', 'auxclick'])
    window.addEventListener(type, hold, true);
  window.addEventListener('input', event => {
    const e = first(event);
    if (state.mode !== 'walk' || !event.isTrusted || !(e instanceof Element) || !field(e)) return;
    if (!e.matches('select') && state.elements.at(-1) !== e) tell('type', e);
  }, true);
  window[call]('mode', 0).then(mode => { if (state.mode !== 'off') state.set(mode); });
}

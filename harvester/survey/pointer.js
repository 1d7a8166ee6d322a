// Tells which element a person clicks, or types into; never what is typed.  A click is held back
// until the program has seen what was clicked, and then does it itself.
call => {
  const key = Symbol.for(call);
  if (window[key]) return;
  const state = window[key] = {mode: 'walk', elements: []};
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
  window[call]('mode', 0).then(mode => { if (state.mode !== 'off') state.mode = mode; });
}

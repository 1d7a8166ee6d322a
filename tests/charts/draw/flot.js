globalThis.draw = ($, el, d) => {
  el.style.cssText = 'width:900px;height: 600px';
  $(el).before(`<h3>${d.title} kWh</h3>`);
  $.plot(el, d.series.map((s, i) => ({label: s.name, bars: {show: true, barWidth: (d.time ? 36e5 : 1) * 0.4,
    align: 'left', order: i}, data: s.values.map((v, n) => v === null ? null : [(d.time ? d.times[n] : n)
      + i * (d.time ? 36e5 : 1) * 0.4, v])})).map((s, i) => ({...s, data: s.data.map(r => r && [r[0] - i
      * (d.time ? 36e5 : 1) * 0.4, r[1]])})), {
    xaxis: d.time ? {mode: 'time'} : {ticks: d.labels.map((l, n) => [n, l])}});
};

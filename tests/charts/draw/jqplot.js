globalThis.draw = ($, el, d) => {
  el.style.cssText = 'width:900px;height: 600px';
  const plot = $.jqplot(el.id, d.series.map(s => s.values.map((v, n) => [n + 1, v])), {title: d.title + ' kWh',
    seriesDefaults: {shadow: false}, series: d.series.map(s => ({label: s.name})),
    axes: {xaxis: {ticks: d.labels.map((label, n) => [n + 1, label])}}});
  if (d.keep) window.usagePlot = plot;
};

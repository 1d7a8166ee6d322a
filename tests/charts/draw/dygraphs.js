globalThis.draw = (Dygraph, el, d) => {
  el.style.cssText = 'width:900px;height: 600px';
  const graph = new Dygraph(el, d.times.map((t, n) => [new Date(t), ...d.series.map(s => s.values[n])]),
    {labels: ['Hour', ...d.series.map(s => s.name)], title: d.title, ylabel: 'kWh', labelsUTC: d.time === 'wall',
      legend: 'follow', digitsAfterDecimal: 4});
  if (d.keep) window.usageGraph = graph;
};

globalThis.draw = (uPlot, el, d) => {
  const plot = new uPlot({title: d.title, width: 900, height: 600, series: [{},
    ...d.series.map(s => ({label: s.name, stroke: s.name === 'Used' ? 'blue' : 'red'}))],
  axes: [{}, {label: 'kWh'}]}, [d.times.map(t => t / 1000), ...d.series.map(s => s.values)], el);
  if (d.keep) window.usagePlot = plot;
};

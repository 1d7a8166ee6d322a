globalThis.draw = (d3, el, d) => {
  const svg = d3.select(el).append('svg').attr('width', 900).attr('height', 600);
  const all = d.series.flatMap(s => s.values).filter(v => v !== null);
  const y = d3.scaleLinear([Math.min(0, ...all), Math.max(...all)], [560, 40]).nice();
  const x = d3.scaleBand(d3.range(d.labels.length), [50, 880]).padding(0.2);
  const inner = d3.scaleBand(d.series.map(s => s.name), [0, x.bandwidth()]);
  svg.append('text').attr('x', 60).attr('y', 20).text(d.title + ' kWh');
  svg.append('g').attr('transform', 'translate(50,0)').call(d3.axisLeft(y));
  svg.append('g').attr('transform', 'translate(0,565)').call(d3.axisBottom(x).tickFormat(n => d.labels[n].slice(-8)));
  for (const s of d.series) {
    const rows = s.values.map((value, n) => ({n, hour: d.time ? new Date(d.times[n]) : d.labels[n], value}));
    svg.append('g').attr('class', s.name).selectAll('rect').data(rows.filter(r => r.value !== null)).join('rect')
      .attr('fill', s.name === 'Used' ? '#36a' : '#a63')
      .attr('x', r => x(r.n) + inner(s.name)).attr('width', inner.bandwidth())
      .attr('y', r => Math.min(y(0), y(r.value))).attr('height', r => Math.abs(y(0) - y(r.value)));
  }
};

globalThis.draw = (Chart, el, d) => {
  const canvas = el.appendChild(document.createElement('canvas'));
  new Chart(canvas, {type: 'bar', options: {animation: false, maintainAspectRatio: false,
    interaction: {mode: 'index', intersect: false}, plugins: {title: {display: true, text: d.title}},
    scales: {y: {title: {display: true, text: 'kWh'}}}},
    data: {labels: d.labels, datasets: d.series.map((s, n) => ({label: s.name, data: s.values,
      backgroundColor: ['#36a', '#a63'][n]}))}});
};

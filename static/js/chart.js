// What did the price do? Draws the candles of a symbol's page, in the colours of the style sheet.
// A bot's page brings its own trades and the times in which entries were blocked along.
"use strict";

(async () => {
  const canvas = document.getElementById("chart");
  const FEW_MARKS = 3;
  if (!window.LightweightCharts) {
    canvas.dataset.state = "failed";
    return;
  }
  const {
    CandlestickSeries, CrosshairMode, HistogramSeries, createChart, createSeriesMarkers,
  } = window.LightweightCharts;

  // Canvas knows no custom properties: a probe element turns each token into a plain colour.
  function colour(token) {
    const probe = document.createElement("i");
    probe.className = "chart__probe";
    probe.dataset.token = token;
    canvas.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function look(write) {
    const quiet = colour("quiet");
    const line = colour("line");
    return {
      autoSize: true,
      localization: { priceFormatter: write },
      layout: {
        attributionLogo: false, // It brings an inline style sheet; the caption names the library.
        background: { color: "transparent" },
        fontFamily: getComputedStyle(document.body).fontFamily,
        textColor: quiet,
      },
      grid: { horzLines: { color: line }, vertLines: { visible: false } },
      crosshair: { mode: CrosshairMode.Magnet },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, timeVisible: true },
    };
  }

  function candleColours() {
    const up = colour("profit");
    const down = colour("loss");
    // Rising candles are hollow, so that the direction does not hang on the colour.
    return {
      upColor: "transparent", borderUpColor: up, wickUpColor: up,
      downColor: down, borderDownColor: down, wickDownColor: down,
      priceLineColor: colour("accent"), // Else it takes the last candle's, which may be hollow.
    };
  }

  async function load() {
    const response = await fetch(canvas.dataset.candles, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`candles answered ${response.status}`);
    const body = await response.json();
    const candles = (body.candles ?? body).map(({ time, open, high, low, close, blocked, regime }) => ({
      time: Number(time), open: Number(open), high: Number(high), low: Number(low), close: Number(close),
      blocked: blocked === true, regime,
    }));
    return { candles, marks: body.marks ?? [] };
  }

  // A bar from bottom to top behind each candle in which nobody could enter.
  const bars = (candles) => candles.map(({ time, blocked }) => (blocked ? { time, value: 1 } : { time }));

  // A strip at the foot: which regime each candle ended in. The list below says it in words.
  function regimes(candles) {
    const colours = { bullish: colour("profit"), sideways: colour("warn"), bearish: colour("loss") };
    return candles.map(({ time, regime }) => (
      colours[regime] ? { time, value: 1, color: colours[regime] } : { time }
    ));
  }

  function strip(chart, candles) {
    const foot = chart.addSeries(HistogramSeries, {
      priceScaleId: "regimes", lastValueVisible: false, priceLineVisible: false,
    });
    foot.priceScale().applyOptions({ scaleMargins: { top: 0.97, bottom: 0 }, visible: false });
    foot.setData(regimes(candles));
    return foot;
  }

  function shade(chart, candles) {
    const zones = chart.addSeries(HistogramSeries, {
      color: colour("blocked"), priceScaleId: "zones", lastValueVisible: false, priceLineVisible: false,
    });
    zones.priceScale().applyOptions({ scaleMargins: { top: 0, bottom: 0 }, visible: false });
    zones.setData(bars(candles));
    return zones;
  }

  function arrows(marks) {
    const accent = colour("accent");
    const text = colour("text");
    // Words on a few arrows; on many they would lie on each other, and the caption says it.
    const say = (word) => (marks.length > FEW_MARKS ? "" : word);
    return marks.map(({ time, side }) => side === "buy"
      ? { time, position: "belowBar", shape: "arrowUp", color: accent, text: say("Bought") }
      : { time, position: "aboveBar", shape: "arrowDown", color: text, text: say("Sold") });
  }

  function summarise(candles, marks, write) {
    const high = Math.max(...candles.map((candle) => candle.high));
    const low = Math.min(...candles.map((candle) => candle.low));
    const summary = document.getElementById("chart-summary");
    const bought = marks.filter(({ side }) => side === "buy").length;
    const own = marks.length ? ` You bought ${bought} and sold ${marks.length - bought} times.` : "";
    summary.textContent = `${candles.length} candles, between ${write(low)} and ${write(high)}.${own} Times in the chart are UTC.`;
  }

  canvas.dataset.state = "loading";
  try {
    let { candles, marks } = await load();
    if (candles.length === 0) {
      canvas.dataset.state = "empty";
      return;
    }
    // As many digits as the server writes: two, or five that count.
    const last = candles.at(-1).close;
    const decimals = Math.max(2, 4 - Math.floor(Math.log10(last)));
    const { format: write } = new Intl.NumberFormat(canvas.dataset.format, {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals,
    });
    const chart = createChart(canvas, look(write));
    const zones = shade(chart, candles);
    const foot = strip(chart, candles);
    const series = chart.addSeries(CandlestickSeries, {
      ...candleColours(),
      priceFormat: { type: "price", precision: decimals, minMove: 10 ** -decimals },
    });
    series.setData(candles);
    chart.timeScale().setVisibleLogicalRange({ from: candles.length - 60, to: candles.length + 2 });
    const signs = createSeriesMarkers(series, arrows(marks));
    summarise(candles, marks, write);
    canvas.dataset.state = "drawn";
    // A bot's page says when there is something new. What cannot be had leaves the chart as it is.
    canvas.addEventListener("nexus-news", async () => {
      const fresh = await load().catch(() => null);
      if (!fresh?.candles.length) return;
      ({ candles, marks } = fresh);
      series.setData(candles);
      zones.setData(bars(candles));
      foot.setData(regimes(candles));
      signs.setMarkers(arrows(marks));
      summarise(candles, marks, write);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      chart.applyOptions(look(write));
      series.applyOptions(candleColours());
      signs.setMarkers(arrows(marks));
      zones.applyOptions({ color: colour("blocked") });
      foot.setData(regimes(candles));
    });
  } catch (error) {
    console.error(error);
    canvas.dataset.state = "failed";
  }
})();

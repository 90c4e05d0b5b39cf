import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import FrontPage from "../../components/FrontPage.vue";
import LiveExample from "../../components/LiveExample.vue";
import LiveExamples from "../../components/LiveExamples.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("FrontPage", FrontPage);
    app.component("LiveExample", LiveExample);
    app.component("LiveExamples", LiveExamples);
  },
} satisfies Theme;

import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { defineAsyncComponent } from "vue";
import FrontPage from "../../components/FrontPage.vue";
import LiveExample from "../../components/LiveExample.vue";
import LiveExamples from "../../components/LiveExamples.vue";
import "./style.css";

/** The article's pictures, which no other page loads. */
const PICTURES = {
  CellByHand: defineAsyncComponent(() => import("../../components/article/CellByHand.vue")),
  GatesOverTime: defineAsyncComponent(() => import("../../components/article/GatesOverTime.vue")),
  ReplayBackward: defineAsyncComponent(() => import("../../components/article/ReplayBackward.vue")),
  StaticProgram: defineAsyncComponent(() => import("../../components/article/StaticProgram.vue")),
};

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("FrontPage", FrontPage);
    app.component("LiveExample", LiveExample);
    app.component("LiveExamples", LiveExamples);
    for (const [name, picture] of Object.entries(PICTURES)) app.component(name, picture);
  },
} satisfies Theme;

"""The Streamlit shell of the workbench: navigation, wiring, state, components, charts."""

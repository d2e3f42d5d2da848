// Files that are dropped on a .drop label become those of its file input; the form is sent by the person.

for (const area of document.querySelectorAll(".drop")) {
  const input = area.querySelector("input[type=file]");
  const chosen = area.querySelector("small");
  const told = () => {
    const names = [...input.files].map((one) => one.name);
    chosen.textContent = names.length ? `${names.length} chosen: ${names.slice(0, 5).join(", ")}${names.length > 5 ? " …" : ""}` : "";
  };
  for (const name of ["dragenter", "dragover"]) {
    area.addEventListener(name, (event) => {
      event.preventDefault();
      area.classList.add("over");
    });
  }
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    input.files = event.dataTransfer.files;
    told();
  });
  input.addEventListener("change", told);
}

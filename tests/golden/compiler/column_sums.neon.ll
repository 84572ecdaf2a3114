define internal void @reduce_1(ptr noalias %a0, ptr noalias %a1) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v39, %b5 ]
  br label %b4
b4:
  %v6 = phi i64 [ 0, %b1 ], [ %v26, %b4 ]
  %v7 = phi <4 x float> [ zeroinitializer, %b1 ], [ %v16, %b4 ]
  %v8 = phi <4 x float> [ zeroinitializer, %b1 ], [ %v19, %b4 ]
  %v9 = phi <4 x float> [ zeroinitializer, %b1 ], [ %v22, %b4 ]
  %v10 = phi <4 x float> [ zeroinitializer, %b1 ], [ %v25, %b4 ]
  %v11 = mul nsw i64 %v6, 132
  %v12 = getelementptr i8, ptr %a0, i64 %v11
  %v13 = mul nsw i64 %v3, 4
  %v14 = getelementptr i8, ptr %v12, i64 %v13
  %v15 = load <4 x float>, ptr %v14, align 4
  %v16 = fadd <4 x float> %v7, %v15
  %v17 = getelementptr i8, ptr %v14, i64 16
  %v18 = load <4 x float>, ptr %v17, align 4
  %v19 = fadd <4 x float> %v8, %v18
  %v20 = getelementptr i8, ptr %v14, i64 32
  %v21 = load <4 x float>, ptr %v20, align 4
  %v22 = fadd <4 x float> %v9, %v21
  %v23 = getelementptr i8, ptr %v14, i64 48
  %v24 = load <4 x float>, ptr %v23, align 4
  %v25 = fadd <4 x float> %v10, %v24
  %v26 = add nuw nsw i64 %v6, 1
  %v27 = icmp slt i64 %v26, 12
  br i1 %v27, label %b4, label %b5
b5:
  %v28 = mul nsw i64 %v3, 4
  %v29 = getelementptr i8, ptr %a1, i64 %v28
  store <4 x float> %v16, ptr %v29, align 4
  %v30 = mul nsw i64 %v3, 4
  %v31 = getelementptr i8, ptr %a1, i64 %v30
  %v32 = getelementptr i8, ptr %v31, i64 16
  store <4 x float> %v19, ptr %v32, align 4
  %v33 = mul nsw i64 %v3, 4
  %v34 = getelementptr i8, ptr %a1, i64 %v33
  %v35 = getelementptr i8, ptr %v34, i64 32
  store <4 x float> %v22, ptr %v35, align 4
  %v36 = mul nsw i64 %v3, 4
  %v37 = getelementptr i8, ptr %a1, i64 %v36
  %v38 = getelementptr i8, ptr %v37, i64 48
  store <4 x float> %v25, ptr %v38, align 4
  %v39 = add nuw nsw i64 %v3, 16
  %v40 = icmp slt i64 %v39, 32
  br i1 %v40, label %b1, label %b2
b2:
  br label %b41
b41:
  %v43 = phi i64 [ 0, %b2 ], [ %v62, %b41 ]
  %v44 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v52, %b41 ]
  %v45 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v55, %b41 ]
  %v46 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v58, %b41 ]
  %v47 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v61, %b41 ]
  %v48 = mul nsw i64 %v43, 528
  %v49 = getelementptr i8, ptr %a0, i64 %v48
  %v50 = getelementptr i8, ptr %v49, i64 128
  %v51 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v50, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v52 = fadd <4 x float> %v44, %v51
  %v53 = getelementptr i8, ptr %v49, i64 260
  %v54 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v53, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v55 = fadd <4 x float> %v45, %v54
  %v56 = getelementptr i8, ptr %v49, i64 392
  %v57 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v56, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v58 = fadd <4 x float> %v46, %v57
  %v59 = getelementptr i8, ptr %v49, i64 524
  %v60 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v59, i32 4, <4 x i1> <i1 true, i1 false, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v61 = fadd <4 x float> %v47, %v60
  %v62 = add nuw nsw i64 %v43, 1
  %v63 = icmp slt i64 %v62, 3
  br i1 %v63, label %b41, label %b42
b42:
  %v64 = fadd <4 x float> %v52, %v55
  %v65 = fadd <4 x float> %v58, %v61
  %v66 = fadd <4 x float> %v64, %v65
  %v67 = getelementptr i8, ptr %a1, i64 128
  store <4 x float> %v66, ptr %v67, align 4
  ret void
}

define internal void @step(ptr %arena, ptr %a1) #1 {
entry:
  call void @reduce_1(ptr %a1, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = load ptr, ptr %table, align 8
  call void @step(ptr %arena, ptr %v1)
  ret void
}

declare <4 x float> @llvm.masked.load.v4f32.p0(ptr, i32, <4 x i1>, <4 x float>)
attributes #0 = { nounwind "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
